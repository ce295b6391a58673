// SPDX-License-Identifier: Apache-2.0
// One page for the person on call: what waits for a person, what is in trouble, and the policies.
import { all } from "./api.js";
import { action } from "./ask.js";
import { h, link, sparkline, table, tag, when } from "./dom.js";

export function title() {
    return "Overview";
}

// A daemon that stands by does not know what waits; it says who does.
async function waiting(signal) {
    try {
        return { items: await all("/approvals", {}, 1000) };
    } catch (problem) {
        if (problem.status !== 409 || signal.aborted) throw problem;
        return { items: [], why: problem.message };
    }
}

export async function load(args, signal) {
    const [policies, approvals] = await Promise.all([all("/policies"), waiting(signal)]);
    return { policies, approvals };
}

export function hears(name, data) {
    return name === "run" || name === "approval" || (name === "change" && data.state === "ended");
}

// ---- what waits ----

function drawWaiting({ approvals }) {
    const items = approvals.items.map((a) => h("li", {}, link(`runs/${a.run}`, `Run ${a.run} of ${a.policy}`), ` on ${a.cluster}: ${a.changes} changes`,
        a.destructive ? [", ", h("b", {}, `${a.destructive} destructive`)] : null, h("small", {}, `${a.given.length} of ${a.quorum} approvals; expires `, when(a.expires, true))));
    return h("section", { class: "card", "aria-labelledby": "waits" }, h("h2", { id: "waits" }, "Waits for a person"),
        items.length ? h("ul", { class: "plain" }, items) : h("p", { class: "note" }, approvals.why || "Nothing waits for a person."));
}

// ---- what is in trouble ----

function troubles({ policies }, status) {
    const list = status.parts.filter((p) => !p.well).map((p) => [p.name, ": ", p.state]);
    for (const f of status.quarantined_files) list.push([f.file, ": ", f.why]);
    if (status.journal) list.push(["the journal: ", status.journal]);
    for (const p of policies) {
        for (const on of p.clusters) {
            if (["paused", "in quarantine", "stands aside"].includes(on.state))
                list.push([link(`policies/${encodeURIComponent(p.policy)}`, p.policy), ` on ${on.cluster}: `, tag(on.state), on.why && h("small", {}, on.why)]);
        }
        if (p.last && ["failed", "partial", "interrupted"].includes(p.last.outcome))
            list.push([link(`policies/${encodeURIComponent(p.policy)}`, p.policy), ": its ", link(`runs/${p.last.id}`, "last run"), " ", tag(p.last.outcome),
                h("small", {}, p.last.message || `${p.last.failed} jobs failed`)]);
    }
    return list;
}

function drawTrouble(data, status) {
    const list = troubles(data, status);
    return h("section", { class: "card", "aria-labelledby": "trouble" }, h("h2", { id: "trouble" }, "In trouble"),
        list.length ? h("ul", { class: "plain" }, list.map((words) => h("li", {}, words))) : h("p", { class: "note" }, "Nothing is in trouble."));
}

// ---- the policies ----

const COLUMNS = [
    { head: "Policy", row: true, class: "name", cell: ({ p }) => [link(`policies/${encodeURIComponent(p.policy)}`, p.policy), p.about && h("small", {}, p.about)] },
    { head: "Cluster", class: "wide", cell: ({ on }) => on.cluster },
    { head: "State", cell: ({ p, on }) => [tag(on.state), p.dry_run && h("small", {}, "dry run"), on.runs ? h("small", {}, "runs now") : null] },
    { head: "Runs", class: "wide", cell: ({ p }) => p.trigger },
    { head: "Next", cell: ({ on }) => [on.next ? when(on.next, true) : h("span", { class: "quiet" }, "–"), on.waiting ? h("small", {}, `${on.waiting} jobs wait`) : null] },
    { head: "Last outcomes", cell: ({ p }) => [sparkline(p.recent), p.last && h("small", {}, link(`runs/${p.last.id}`, p.last.outcome || "goes on"), " ", when(p.last.started_at))] },
];

// ---- loaded again ----

function loaded(r) {
    const news = [["new", r.added], ["changed", r.changed], ["gone", r.gone]].filter(([, names]) => names).map(([word, names]) => `; ${word}: ${names}`);
    const aside = r.not_in_force.map((p) => `; ${p.policy} is not in force on ${p.cluster}: ${p.reason}`);
    return `Loaded again: ${r.policies} policies${news.join("") || ", as they were"}${aside.join("")}.`;
}

function mistakes(r) {
    return r.in_force ? "" : ["Those in force stay, as the files have mistakes:", ...r.errors.map((e) => (e.line ? `${e.file}:${e.line}: ${e.message}` : `${e.file}: ${e.message}`))].join("\n");
}

function reload(context) {
    return context.mayAct() && h("p", {}, action(context, { id: "reload", text: "Load again", path: "/reload", title: "Load the policies again?", told: loaded, wrong: mistakes,
        about: "Their files are read again. Where one has a mistake, those in force stay." }));
}

export function draw(data, context) {
    const status = context.status();
    const rows = data.policies.flatMap((p) => p.clusters.map((on) => ({ p, on })));
    return [h("h1", {}, "Overview"), h("p", { class: "note" }, `mpijobd ${status.version}`),
        h("div", { class: "cards" }, drawWaiting(data), drawTrouble(data, status)),
        h("h2", {}, "Policies"), table("Policies", COLUMNS, rows, "No policy is in force. mpijobd check tells what is wrong with the files; see the daemon's log."), reload(context)];
}
