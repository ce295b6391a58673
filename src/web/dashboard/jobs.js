// SPDX-License-Identifier: Apache-2.0
// The jobs of the clusters: filtered and sorted by the daemon, and drawn only as far as they are seen, so that 10,000
// of them scroll as ten do.
import { get, part, query } from "./api.js";
import { h, tag, when } from "./dom.js";

export const fresh = "button"; // it goes over all jobs, so it is asked for when a person wants it, and not at each event

const MOST = 10000;
const ROW = 40; // px, as .window td of the style sheet has it
const BEYOND = 8; // rows above and below those that are seen

const SORTS = { name: "Name", phase: "Phase", gpus: "GPUs", held: "GPUs held", created: "Created", finished: "Ended" };
const PHASES = ["", "Pending", "Running", "Restarting", "Suspended", "Succeeded", "Failed"];
const TEXTS = [["name", "Name (a part of it)"], ["namespace", "Namespace"], ["labels", "Labels (team=nlp)"], ["cluster", "Cluster"]];

export function title() {
    return "Jobs";
}

function glob(text) {
    return text && !text.includes("*") ? `*${text}*` : text;
}

export async function load(args, signal) {
    return get("/jobs", { ...args, name: glob(args.name), holding: args.holding ? true : null, reverse: args.reverse ? true : null, limit: MOST }, signal);
}

// ---- the rows that are seen ----

const COLUMNS = [
    { sort: "name", wide: false, cell: (j) => [h("a", { href: `#/job/${part(j.cluster)}/${part(j.namespace)}/${part(j.name)}` }, j.name), h("span", { class: "quiet" }, ` ${j.namespace}`)] },
    { sort: "phase", cell: (j) => [tag(j.phase), j.deleting ? " being deleted" : null] },
    { head: "cleanPodPolicy", wide: true, cell: (j) => j.cleanPodPolicy || "unset" },
    { sort: "gpus", number: true, cell: (j) => String(j.gpus ?? "?") },
    { sort: "held", number: true, cell: (j) => (j.held === null ? "–" : String(j.held)) },
    { sort: "created", wide: true, cell: (j) => when(j.created) },
    { sort: "finished", cell: (j) => when(j.finished) },
    { head: "Cluster", wide: true, cell: (j) => j.cluster },
];

function style(column) {
    return [column.number ? "number" : "", column.wide ? "wide" : ""].join(" ").trim() || null;
}

function spacer() {
    return h("tr", { "aria-hidden": "true" }, h("td", { colspan: COLUMNS.length }));
}

function row(job, index) {
    return h("tr", { "aria-rowindex": index + 2 }, COLUMNS.map((c, i) => (i ? h("td", { class: style(c) }, c.cell(job)) : h("th", { scope: "row" }, c.cell(job)))));
}

function head(args) {
    return h("tr", { "aria-rowindex": 1 }, COLUMNS.map((c) => {
        if (!c.sort) return h("th", { scope: "col", class: style(c) }, c.head);
        const on = (args.sort || "name") === c.sort;
        const to = query("#/jobs", { ...args, sort: c.sort, reverse: on && !args.reverse ? "yes" : null });
        return h("th", { scope: "col", class: style(c), "aria-sort": on ? (args.reverse ? "descending" : "ascending") : null },
            h("a", { href: to, id: `sort-${c.sort}` }, SORTS[c.sort], on ? (args.reverse ? " ▴" : " ▾") : ""));
    }));
}

// A table whose body has the rows that the box shows, and as much room as the others take.
function windowed(items, args) {
    const body = h("tbody", {});
    const box = h("div", { class: "scrolls window", id: "jobs", tabindex: 0, role: "region", "aria-label": "Jobs" },
        h("table", { "aria-rowcount": items.length + 1 }, h("thead", {}, head(args)), body));
    const above = spacer(), below = spacer(), rows = new Map(); // those that are drawn, by their index
    body.append(above, below);
    let drawn = "";
    const draw = () => {
        const from = Math.max(0, Math.floor(box.scrollTop / ROW) - BEYOND);
        const to = Math.min(items.length, from + Math.ceil((box.clientHeight || 700) / ROW) + 2 * BEYOND);
        if (drawn === `${from}-${to}`) return;
        drawn = `${from}-${to}`;
        for (const [i, element] of rows) {
            if (i >= from && i < to) continue;
            element.remove();
            rows.delete(i);
        }
        let next = above.nextSibling;
        for (let i = from; i < to; i++) {
            if (rows.has(i)) {
                next = rows.get(i).nextSibling;
                continue;
            }
            rows.set(i, row(items[i], i));
            body.insertBefore(rows.get(i), next);
        }
        above.firstChild.style.height = `${from * ROW}px`;
        below.firstChild.style.height = `${(items.length - to) * ROW}px`;
    };
    box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
    draw();
    return box;
}

// ---- what is asked for ----

function form(args) {
    const submit = (event) => {
        event.preventDefault();
        location.hash = query("#/jobs", { ...Object.fromEntries(new FormData(event.target)), sort: args.sort, reverse: args.reverse });
    };
    return h("form", { class: "row", onsubmit: submit, "data-open": true, role: "search", "aria-label": "Filters of the jobs" },
        TEXTS.map(([name, label]) => h("label", {}, label, h("input", { name, id: `filter-${name}`, value: args[name] || "", size: 14 }))),
        h("label", {}, "Phase", h("select", { name: "phase", id: "filter-phase" }, PHASES.map((p) => h("option", { value: p, selected: (args.phase || "") === p }, p || "any")))),
        h("label", { class: "check" }, h("input", { type: "checkbox", name: "holding", id: "filter-holding", value: "yes", checked: args.holding }), "Ended, and holds GPUs"),
        h("button", { type: "submit", id: "filter-go" }, "Show"));
}

export function draw(data, context, args) {
    const { items, total } = data, known = data.left_out.length ? " that are known" : "";
    return [h("h1", {}, "Jobs"), form(args),
        h("p", { class: "note" }, total > items.length ? `The first ${items.length} of ${total} jobs${known}; a filter shows fewer.` : `${total} jobs${known}`, data.as_of ? [", as of ", when(data.as_of)] : null, ". ",
            h("button", { type: "button", class: "plain", id: "refresh", onclick: context.refresh }, "Look again")),
        ...data.left_out.map((c) => h("p", { class: "box warn" }, `Cluster ${c.cluster}: ${c.why}`)),
        items.length ? windowed(items, args) : h("p", { class: "note" }, `No job${known ? " that is known" : ""} fits these filters.`)];
}
