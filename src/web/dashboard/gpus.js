// SPDX-License-Identifier: Apache-2.0
// GPUs that finished jobs hold: over time, by team, and the hours that were given back.
import { get, query } from "./api.js";
import { h, table } from "./dom.js";

export const fresh = "minute"; // it goes over all finished jobs

const EVERY = [["namespace", "Namespace"], ["owner", "Owner"], ["label", "Label"]];

export function title() {
    return "GPUs";
}

function by(args) {
    return args.by === "label" ? `label:${args.key || "team"}` : args.by || "namespace";
}

export async function load(args, signal) {
    const [report, held] = await Promise.all([get("/report", { by: by(args) }, signal), get("/held", null, signal)]);
    return { report, held };
}

export function hears() {
    return false;
}

// ---- over time ----

let chart = null; // of uPlot, which is a script of its own

function drawChart(box, held) {
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name);
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
    if (chart) chart.destroy();
    chart = new window.uPlot({ width: box.clientWidth, height: 220, legend: { show: false }, cursor: { show: false },
        scales: { y: { range: (u, low, high) => [0, Math.max(8, (high || 0) * 1.1)] } }, axes: [axis, axis],
        series: [{}, { stroke: colour("--link"), fill: colour("--info-ground"), width: 2, points: { show: held.at.length < 4 } }] }, [held.at, held.gpus], box);
}

function timeline(held) {
    const known = held.gpus.filter((n) => n !== null);
    if (!known.length) return h("p", { class: "note" }, "Not known: no policy with `on` watches the jobs, and nobody counts them minute by minute.");
    const told = `Now ${known[known.length - 1]}, at most ${Math.max(...known)} and at least ${Math.min(...known)}, since ${new Date(held.at[0] * 1000).toLocaleString()}`;
    const box = h("div", { class: "chart", role: "img", "aria-label": `GPUs held by finished jobs over time. ${told}.` });
    new ResizeObserver(() => { if (box.isConnected && box.clientWidth) drawChart(box, held); }).observe(box);
    return [box, h("p", { class: "note" }, `${told}. Of the jobs that are watched, minute by minute, since this daemon's start and over the last day at most.`)];
}

// ---- by team ----

function hours(n) {
    return n.toLocaleString(undefined, { maximumFractionDigits: n < 10 ? 1 : 0 });
}

function columns(most, report) {
    const bar = (g) => {
        const inner = h("span", { class: "bar" });
        inner.style.width = `${most ? (100 * g.gpus) / most : 0}%`;
        return h("span", { class: "bars", "aria-hidden": "true" }, inner);
    };
    return [
        { head: report.by.replace("label:", ""), row: true, class: "name", cell: (g) => g.group ?? "(none)" },
        { head: "GPUs held", class: "number", cell: (g) => String(g.gpus) },
        { head: "Share", class: "wide share", cell: bar },
        { head: "By jobs", class: "number", cell: (g) => `${g.holding} of ${g.finished}` },
        { head: "GPU-hours held, day", class: "number wide", cell: (g) => hours(g.gpu_hours_day) },
        { head: "week", class: "number", cell: (g) => hours(g.gpu_hours_week) },
        { head: "Given back, day", class: "number wide", cell: (g) => hours(g.given_back_day) },
        { head: "week", class: "number", cell: (g) => hours(g.given_back_week) },
    ];
}

function form(args) {
    const submit = (event) => {
        event.preventDefault();
        const given = Object.fromEntries(new FormData(event.target));
        location.hash = query("#/gpus", { by: given.by, key: given.by === "label" ? given.key : null });
    };
    return h("form", { class: "row", onsubmit: submit, "data-open": true, role: "search", "aria-label": "How jobs are put together" },
        h("label", {}, "By", h("select", { name: "by", id: "by" }, EVERY.map(([value, text]) => h("option", { value, selected: (args.by || "namespace") === value }, text)))),
        h("label", {}, "Key of the label", h("input", { name: "key", id: "key", value: args.key || "team", size: 14 })), h("button", { type: "submit", id: "by-go" }, "Show"));
}

export function draw({ report, held }, context, args) {
    const { total, groups } = report;
    return [h("h1", {}, "GPUs held by finished jobs"),
        h("div", { class: "cards" },
            h("section", { class: "card", "aria-labelledby": "held" }, h("h2", { id: "held" }, "Held now"), h("p", { class: "big" }, String(total.gpus)), h("p", { class: "note" }, `by ${total.holding} of ${total.finished} jobs that have ended`)),
            h("section", { class: "card", "aria-labelledby": "back" }, h("h2", { id: "back" }, "Given back"), h("p", { class: "big" }, `${hours(total.given_back_week)} GPU-hours`),
                h("p", { class: "note" }, `over the last week, ${hours(total.given_back_day)} of them over the last day, by ${report.released} jobs that are still there`))),
        h("h2", {}, "Over time"), ...[timeline(held)].flat(),
        ...(held.others ? [h("p", { class: "note" }, `Of the shards of this daemon alone; other daemons act for their part of the jobs: ${held.others}`)] : []), h("h2", {}, "By team"), form(args),
        ...report.left_out.map((c) => h("p", { class: "box warn" }, `Cluster ${c.cluster}: ${c.why}`)),
        table("By team", columns(Math.max(0, ...groups.map((g) => g.gpus)), report), groups, "No job has ended."),
        h("p", { class: "note" }, `Worked out from the status and cleanPodPolicy of MPIJobs; for ${report.at_most} of them it is the most that they can hold. mpijobd report counts the pods. Jobs that were deleted are not in it.`)];
}
