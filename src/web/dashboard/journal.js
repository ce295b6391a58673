// SPDX-License-Identifier: Apache-2.0
// The journal: runs, or changes, by filters, page by page.
import { get, part, query } from "./api.js";
import { difference, outcome, said, seen } from "./diff.js";
import { h, link, table, tag, when } from "./dom.js";

export function title() {
    return "Journal";
}

function policy(name) {
    return name && name !== "-" ? link(`policies/${part(name)}`, name) : name;
}

export const RUNS = [
    { head: "Run", row: true, cell: (r) => link(`runs/${r.id}`, String(r.id)) },
    { head: "Policy", class: "name", cell: (r) => policy(r.policy) },
    { head: "Begun", cell: (r) => when(r.started_at) },
    { head: "Trigger", class: "wide", cell: (r) => [r.trigger, r.who && h("small", {}, r.who.user)] },
    { head: "Outcome", cell: (r) => [tag(r.outcome || "goes on"), r.dry_run && h("small", {}, "dry run"), r.message && h("small", {}, r.message)] },
    { head: "Changed", class: "number", cell: (r) => String(r.changed) },
    { head: "Failed", class: "number", cell: (r) => String(r.failed) },
    { head: "Cluster", class: "wide", cell: (r) => r.cluster },
];

export const CHANGES = [
    { head: "Job", row: true, class: "name", cell: (c) => [c.namespace ? `${c.namespace}/${c.name}` : c.name, h("small", {}, c.verb)] },
    { head: "Policy", class: "wide", cell: (c) => policy(c.policy) },
    { head: "When", cell: (c) => [when(c.intended_at), c.run ? h("small", {}, link(`runs/${c.run}`, `run ${c.run}`)) : h("small", {}, "by hand")] },
    { head: "Difference", cell: (c) => difference(c.diff) },
    { head: "Effect said", cell: said },
    { head: "Effect seen", class: "wide", cell: seen },
    { head: "Outcome", cell: outcome },
];

const FILTERS = [["policy", "Policy"], ["cluster", "Cluster"], ["job", "Job"], ["namespace", "Namespace"], ["since", "Since (2h, 2026-11-23)"], ["outcome", "Outcome"], ["run", "Run"]];
const PAGE = 50;

// What was read of this list: a page that was shown stays, whatever comes before it.
let kept = { key: "", rows: new Map(), next: null };

function asked(args) {
    const changes = args.show === "changes";
    const filters = Object.fromEntries(FILTERS.map(([name]) => [name, args[name]]).filter(([name]) => changes || name !== "run"));
    return { path: changes ? "/changes" : "/runs", filters, changes };
}

// Between the newest page and what is kept may be more than a page: then it begins again.
function keep(key, page) {
    const oldest = page.items.length ? page.items[page.items.length - 1].id : 0;
    if (kept.key !== key || Math.max(0, ...kept.rows.keys()) < oldest) kept = { key, rows: new Map(), next: page.next };
    for (const row of page.items) kept.rows.set(row.id, row);
}

export async function load(args, signal) {
    const { path, filters, changes } = asked(args);
    const [page, head] = await Promise.all([get(path, { ...filters, limit: PAGE }, signal), get("/journal", null, signal)]);
    keep(query(path, filters), page);
    return { changes, rows: [...kept.rows.values()].sort((a, b) => b.id - a.id), next: kept.next, head };
}

export function hears(name) {
    return name === "run" || name === "change";
}

async function showMore(args, context, data) {
    const { path, filters } = asked(args);
    const page = await get(path, { ...filters, limit: PAGE, cursor: data.next });
    for (const row of page.items) kept.rows.set(row.id, row);
    kept.next = page.next;
    context.refresh();
}

function form(args, changes) {
    const field = ([name, label]) => (name !== "run" || changes) && h("label", {}, label, h("input", { name, id: `filter-${name}`, value: args[name] || "", size: 14 }));
    const show = (name, text) => h("option", { value: name, selected: (args.show || "runs") === name }, text);
    const submit = (event) => {
        event.preventDefault();
        location.hash = query("#/journal", Object.fromEntries(new FormData(event.target)));
    };
    return h("form", { class: "row", onsubmit: submit, "data-open": true, role: "search", "aria-label": "Filters of the journal" },
        h("label", {}, "Show", h("select", { name: "show", id: "filter-show" }, show("runs", "runs"), show("changes", "changes"))), FILTERS.map(field),
        h("button", { type: "submit", id: "filter-go" }, "Show"));
}

export function draw(data, context, args) {
    const filtered = FILTERS.some(([name]) => args[name]);
    const empty = filtered ? "The journal has nothing that fits these filters." : "The journal is empty: nothing has run yet.";
    return [h("h1", {}, "Journal"),
        data.head.failures ? h("p", { class: "box bad" }, `${data.head.failures} operations could not be written since the daemon's start; its log says why.`) : null,
        form(args, data.changes), table(data.changes ? "Changes" : "Runs", data.changes ? CHANGES : RUNS, data.rows, empty),
        data.next ? h("div", { class: "row" }, h("button", { type: "button", id: "more", onclick: () => showMore(args, context, data) }, "Show more")) : null,
        h("p", { class: "note" }, "The end of its chain: ", h("code", {}, data.head.head))];
}
