// SPDX-License-Identifier: Apache-2.0
// What a change does to a job: its difference, the effect that was said, and the one that was seen.
import { h, tag, when } from "./dom.js";

function value(v) {
    return v === null ? "unset" : typeof v === "string" ? v : JSON.stringify(v);
}

// The rows of the journal and of plans: { path, before, after }, one for each place; null: unset. What was created or
// deleted by hand is the object itself.
export function difference(diff) {
    if (!diff || !Object.keys(diff).length) return h("span", { class: "quiet" }, "no difference");
    if (!Array.isArray(diff)) return h("pre", {}, JSON.stringify(diff, null, 1));
    return h("pre", {}, diff.map((d) => [h("b", {}, d.path.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~")), "\n", h("del", { class: "less" }, `- ${value(d.before)}`), "\n",
        h("ins", { class: "more" }, `+ ${value(d.after)}`), d.made ? ` (${d.made})` : null, "\n"]));
}

export function said(change) {
    return [tag(change.effect), change.why && h("small", {}, change.why)];
}

export function seen(change) {
    return change.observed ? [tag(change.observed), h("small", {}, when(change.observed_at))] : h("span", { class: "quiet" }, change.outcome ? "not looked for" : "–");
}

export function outcome(change) {
    return [tag(change.outcome || "in flight"), change.message && h("small", {}, change.message)];
}
