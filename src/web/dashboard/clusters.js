// SPDX-License-Identifier: Apache-2.0
// The clusters: whether they are connected, what is watched there, and the other parts of the daemon.
import { all } from "./api.js";
import { facts, h, span, table } from "./dom.js";

export function title() {
    return "Clusters";
}

export async function load() {
    return { clusters: await all("/clusters") };
}

export function hears(name) {
    return name === "parts";
}

function state(part) {
    return h("span", { class: `tag ${part.well ? "good" : "bad"}` }, part.well ? "well" : "in trouble");
}

const PARTS = [
    { head: "Part", row: true, class: "name", cell: (p) => p.name },
    { head: "Well", cell: state },
    { head: "State", cell: (p) => p.state },
];

const WATCHES = [...PARTS, { head: "Last heard", class: "when", cell: (p) => (p.silent_seconds === null || p.silent_seconds < 0 ? "never" : `${span(p.silent_seconds)} ago`) }];

export function draw({ clusters }, context) {
    const others = context.status().parts.filter((p) => p.kind !== "cluster" && p.kind !== "watch");
    return [h("h1", {}, "Clusters"),
        ...clusters.flatMap((c) => [h("h2", {}, c.cluster), h("p", {}, state(c), " ", c.state),
            facts(["Server", c.server], ["MPIJobs", c.version ? `${c.version} (it serves ${c.versions})` : "not known yet"], ["Controller", c.controller]),
            table(`Watches of ${c.cluster}`, WATCHES, c.watches, "Nothing is watched there: no policy in force has `on`.")]),
        h("h2", {}, "The daemon"), table("The daemon", PARTS, others, "")];
}
