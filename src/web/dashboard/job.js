// SPDX-License-Identifier: Apache-2.0
// A job: what each policy makes of it, and what was changed on it.
import { all, get } from "./api.js";
import { action } from "./ask.js";
import { facts, h, link, table, tag } from "./dom.js";
import { CHANGES } from "./journal.js";

export const fresh = "button"; // each policy is asked, and asks the server

const AT_ONCE = 3;
const MOST = 100; // policies that are asked

function parts(args) {
    const [cluster, namespace, name] = args.id.split("/");
    return { cluster, namespace, name, job: `${namespace}/${name}` };
}

export function title(args) {
    return `Job ${parts(args).job}`;
}

async function ask(policy, { cluster, job }, signal) {
    try {
        return { policy, ...(await get("/why", { policy, cluster, job, text: true }, signal)) };
    } catch (problem) {
        if (problem.status < 400 || problem.status === 401) throw problem;
        return { policy, text: problem.message, tree: { verdict: "not known" } };
    }
}

export async function load(args, signal) {
    const where = parts(args);
    const [policies, changes] = await Promise.all([all("/policies", {}, MOST), get("/changes", { job: where.job, cluster: where.cluster, limit: 50 }, signal)]);
    const here = policies.filter((p) => p.clusters.some((on) => on.cluster === where.cluster && on.state !== "not here")).map((p) => p.policy);
    const told = [];
    const work = async () => {
        while (here.length) told.push(await ask(here.shift(), where, signal));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    told.sort((a, b) => (a.policy < b.policy ? -1 : 1));
    return { told, changes: changes.items };
}

export function hears() {
    return false;
}

const VERDICTS = [
    { head: "Policy", row: true, class: "name", cell: (t) => link(`policies/${encodeURIComponent(t.policy)}`, t.policy) },
    { head: "What comes of it", cell: (t) => tag(t.tree.verdict) },
    { head: "Why", cell: (t) => [t.tree.message, h("details", {}, h("summary", {}, "all of it"), h("pre", {}, t.text))] },
];

function buttons({ cluster, job }, context) {
    if (!context.mayAct()) return null;
    return h("div", { class: "row" },
        action(context, { id: "hold", text: "Hold", path: "/hold", title: `Hold ${job}?`, about: "Policies with `hold` leave it alone for so long, where their hold.max allows it.",
            fields: [{ name: "hours", label: "Hours", type: "number", min: 1, max: 8784, value: 24, needed: true }],
            body: ({ hours }) => ({ job, cluster, seconds: Math.round(Number(hours) * 3600) }), told: (answer) => `It is held until ${answer.held_until}.` }),
        action(context, { id: "off", text: "End the hold", path: "/hold", title: `End the hold of ${job}?`, body: () => ({ job, cluster, off: true }), told: () => "It is not held any more." }));
}

export function draw({ told, changes }, context, args) {
    const { cluster, job } = parts(args);
    return [h("h1", {}, job), facts(["Cluster", cluster]), buttons(parts(args), context),
        h("p", {}, h("button", { type: "button", class: "plain", id: "refresh", onclick: context.refresh }, "Look again")),
        h("h2", {}, "What the policies make of it"), table("What the policies make of it", VERDICTS, told, "No policy is for this cluster."),
        h("h2", {}, "Changes"), table("Changes", CHANGES, changes, "mpijobd has changed nothing on it.")];
}
