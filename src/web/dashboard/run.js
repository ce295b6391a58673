// SPDX-License-Identifier: Apache-2.0
// A run: how it went, and what it did to each job. Of one that waits for approval its plan, and what a person decides.
import { get } from "./api.js";
import { action } from "./ask.js";
import { difference, outcome, said, seen } from "./diff.js";
import { facts, h, link, table, tag, when } from "./dom.js";

export function title(args) {
    return `Run ${args.id}`;
}

// It waits no more: someone has decided a moment ago.
async function approval(id, signal) {
    try {
        return await get(`/approvals/${id}`, null, signal);
    } catch (problem) {
        if (problem.status === 404 || problem.status === 409) return null;
        throw problem;
    }
}

export async function load({ id }, signal) {
    const run = await get(`/runs/${encodeURIComponent(id)}`, null, signal);
    const [changes, plan] = await Promise.all([get("/changes", { run: id, limit: 500 }, signal), run.outcome === "waiting" ? approval(id, signal) : null]);
    return { run, changes: changes.items, more: Boolean(changes.next), plan };
}

export function hears(name, data, { id }) {
    return (name === "run" || name === "change" || name === "approval") && [data.id, data.run].includes(Number(id));
}

// ---- what waits, and is decided ----

const PLANNED = [
    { head: "Job", row: true, class: "name", cell: (c) => [c.job, c.part !== "object" && h("small", {}, `its ${c.part} ${c.name}`)] },
    { head: "Difference", cell: (c) => difference(c.diff) },
    { head: "Effect it will have", cell: said },
];

function decided(answer) {
    if (answer.changed !== undefined) return `Approved: ${answer.changed} changed, ${answer.already} as they should be already, ${answer.left} left, ${answer.failed} failed.`;
    return `Your approval counts: ${answer.given} of ${answer.quorum}.`;
}

function buttons(plan, context) {
    const { run, changes } = plan;
    if (!context.mayAct()) return h("p", { class: "note" }, "Who may act can approve, reject and extend: sign in with the token of tokens.write.");
    return h("div", { class: "row" },
        action(context, { id: "approve", text: "Approve", path: `/runs/${run}/approve`, told: decided, title: `Approve run ${run}?`,
            about: `Exactly this plan is made: ${changes} changes.` }),
        action(context, { id: "reject", text: "Reject", harm: true, path: `/runs/${run}/reject`, told: () => `Run ${run} is rejected.`,
            fields: [{ name: "reason", label: "Reason (others read it in the journal)" }], body: ({ reason }) => (reason ? { reason } : {}) }),
        action(context, { id: "extend", text: "Extend", path: `/runs/${run}/extend`, told: () => `Run ${run} waits longer.`,
            fields: [{ name: "hours", label: "Hours more", type: "number", min: 1, max: 720, value: 24, needed: true }],
            body: ({ hours }) => ({ seconds: Math.round(Number(hours) * 3600) }) }));
}

function undone(answer) {
    const kept = `${answer.left} left as they are, ${answer.failed} failed.`;
    if (answer.waits && answer.undo_run) return `Run ${answer.undo_run} would put it back, and waits for approval: ${answer.changes} changes.`;
    if (answer.undo_run) return `Run ${answer.undo_run} has put ${answer.back} back; ${kept}`;
    return answer.changes ? `Tried: ${answer.changes} would be put back, ${answer.destructive} of them with harm; ${kept}` : `There is nothing to put back: ${kept}`;
}

function undo(run, context) {
    if (!context.mayAct() || run.dry_run || !run.changed) return null;
    return h("div", { class: "row" }, action(context, { id: "undo", text: "Undo", harm: true, path: `/runs/${run.id}/undo`, title: `Undo run ${run.id}?`, told: undone,
        about: `What it has changed on ${run.changed} jobs is put back, as far as it is still as the run has left it. The policy may change them again.`,
        fields: [{ name: "dry_run", label: "Dry run: it is only worked out", type: "checkbox" },
            { name: "destructive", label: "What does harm, too", type: "checkbox" },
            { name: "override", label: "In spite of freezes and limits", type: "checkbox" }], body: (given) => given }));
}

function drawPlan(plan, context) {
    return [h("div", { class: "box" }, h("b", {}, `This run waits for approval: ${plan.changes} changes`),
        plan.destructive ? `, ${plan.destructive} of them destructive` : null, plan.inert ? `, ${plan.inert} that do nothing` : null,
        `. ${plan.given.length} of ${plan.quorum} approvals are given`, plan.given.length ? `, by ${plan.given.map((g) => g.by).join(", ")}` : null,
        ". It expires ", when(plan.expires, true), "."), buttons(plan, context), h("h2", {}, "The plan"), table("The plan", PLANNED, plan.plan, "The plan is empty.")];
}

// ---- what was done ----

const MADE = [
    { head: "Job", row: true, class: "name", cell: (c) => [c.namespace ? `${c.namespace}/${c.name}` : c.name, h("small", {}, c.verb)] },
    { head: "Difference", cell: (c) => difference(c.diff) },
    { head: "Effect said", cell: said },
    { head: "Effect seen", cell: seen },
    { head: "Outcome", cell: outcome },
];

// "approved by ann: run 7" leads to that run.
function told(message) {
    return message && message.split(/\b(run \d+)\b/).map((part, i) => (i % 2 ? link(`runs/${part.slice(4)}`, part) : part));
}

export function draw({ run, changes, more, plan }, context) {
    const policy = run.policy && run.policy !== "-" ? link(`policies/${encodeURIComponent(run.policy)}`, run.policy) : run.policy;
    return [h("h1", {}, `Run ${run.id}`),
        facts(["Policy", policy], ["Cluster", run.cluster], ["Trigger", run.trigger], ["By", run.who && run.who.user], ["Begun", when(run.started_at)],
            ["Ended", run.ended_at ? when(run.ended_at) : "it goes on"], ["Outcome", [tag(run.outcome), run.dry_run ? " dry run: nothing was written" : null]],
            ["Jobs", `${run.changed} changed, ${run.unchanged} unchanged, ${run.failed} failed`], ["Message", told(run.message)]),
        ...(plan ? drawPlan(plan, context) : [undo(run, context), h("h2", {}, "Changes"), table("Changes", MADE, changes, "This run has changed no job."),
            more ? h("p", {}, "These are the newest 500; ", h("a", { href: `#/journal?show=changes&run=${run.id}` }, "the journal has all"), ".") : null])];
}
