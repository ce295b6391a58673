// SPDX-License-Identifier: Apache-2.0
// A policy: how it stands, what it did last, and what a person does to it.
import { get, part } from "./api.js";
import { action } from "./ask.js";
import { facts, h, link, sparkline, table, tag, when } from "./dom.js";
import { CHANGES, RUNS } from "./journal.js";

export function title(args) {
    return `Policy ${args.id}`;
}

export async function load({ id }, signal) {
    const [policy, runs, changes] = await Promise.all([get(`/policies/${part(id)}`, null, signal), get("/runs", { policy: id, limit: 20 }, signal),
        get("/changes", { policy: id, limit: 20 }, signal)]);
    return { policy, runs: runs.items, changes: changes.items };
}

// A run by hand has no policy in its events.
export function hears(name, data, { id }) {
    return name === "approval" || ((name === "run" || name === "change") && (!data.policy || data.policy === id));
}

const STANDS = [
    { head: "Cluster", row: true, class: "name", cell: (on) => on.cluster },
    { head: "State", cell: (on) => [tag(on.state), on.why && h("small", {}, on.why)] },
    { head: "Next", cell: (on) => when(on.next, true) },
    { head: "Jobs that wait", class: "number", cell: (on) => String(on.waiting) },
    { head: "Runs now", class: "number", cell: (on) => String(on.runs) },
];

function ran({ runs }) {
    return runs.map((r) => `Run ${r.id} on ${r.cluster}: ${r.outcome}${r.dry_run ? " (dry run)" : ""}, ${r.changed} ${r.dry_run ? "would change" : "changed"}, ${r.failed} failed${r.message ? `; ${r.message}` : ""}.`)
        .join(" ");
}

function buttons(p, context) {
    if (!context.mayAct()) return h("p", { class: "note" }, "Who may act can run, pause and resume it: sign in with the token of tokens.write.");
    const stopped = p.clusters.some((on) => on.state === "paused" || on.state === "in quarantine");
    return h("div", { class: "row" },
        action(context, { id: "run", text: "Run now", path: `/policies/${part(p.policy)}/run`, title: `Run ${p.policy} now?`, told: ran,
            fields: [{ name: "dry_run", label: "Dry run: nothing is written", type: "checkbox" },
                { name: "job", label: "Only this job (NAMESPACE/NAME); empty: all that match", placeholder: "train/bert" },
                { name: "override", label: "In spite of its window, freezes and the ceiling of an hour", type: "checkbox" }],
            body: (given) => ({ dry_run: given.dry_run, override: given.override, ...(given.job ? { job: given.job } : {}) }) }),
        stopped ? action(context, { id: "resume", text: "Resume", path: `/policies/${part(p.policy)}/resume`, title: `Resume ${p.policy}?`,
            told: () => `${p.policy} is in force again.` })
            : action(context, { id: "pause", text: "Pause", harm: true, path: `/policies/${part(p.policy)}/pause`, title: `Pause ${p.policy}?`,
                about: "It begins no run until a person resumes it.", told: () => `${p.policy} is paused.` }));
}

export function draw({ policy: p, runs, changes }, context) {
    return [h("h1", {}, p.policy), p.about && h("p", {}, p.about),
        facts(["Runs", p.trigger], ["Written in", `${p.file}:${p.line}`], ["Dry run", p.dry_run ? "yes: it writes nothing" : null], ["Last outcomes", sparkline(p.recent)],
            ["Waits", p.waits ? `${p.waits} runs wait for approval` : null]),
        buttons(p, context), h("h2", {}, "Clusters"), table("Clusters", STANDS, p.clusters, "It is for no cluster of this daemon."),
        h("h2", {}, "Last runs"), table("Last runs", RUNS.filter((c) => c.head !== "Policy"), runs, "It has not run yet."),
        h("h2", {}, "Last changes"), table("Last changes", CHANGES.filter((c) => c.head !== "Policy"), changes, "It has changed nothing yet."),
        h("p", {}, link(`journal?policy=${part(p.policy)}`, "All of it in the journal")),
        p.text ? h("details", {}, h("summary", {}, `The text of ${p.file}`), h("pre", {}, p.text)) : null,
        h("h2", {}, "The last lines of its log"), p.log.length ? h("pre", {}, p.log.join("\n")) : h("p", { class: "note" }, "It has said nothing.")];
}
