// SPDX-License-Identifier: Apache-2.0
// The end of the daemon's log, as it grows.
import { get, query } from "./api.js";
import { h } from "./dom.js";

export const fresh = "seconds"; // a line is no event

const LEVELS = ["debug", "info", "warn", "error"];

let lines = []; // that were read
const MOST = 500;

export function title() {
    return "Log";
}

// A daemon that has started again counts from the beginning.
export async function load(args, signal) {
    const last = lines.length ? lines[lines.length - 1].line : 0;
    const { items } = await get("/log", { after: Math.max(0, last - 1) }, signal);
    const goes = items.length && items[0].line === last && items[0].text === lines[lines.length - 1].text;
    lines = (goes ? [...lines, ...items.slice(1)] : (await get("/log", null, signal)).items).slice(-MOST);
    return { lines };
}

export function hears() {
    return true;
}

function form(args) {
    const submit = (event) => {
        event.preventDefault();
        location.hash = query("#/log", Object.fromEntries(new FormData(event.target)));
    };
    return h("form", { class: "row", onsubmit: submit, "data-open": true, role: "search", "aria-label": "Filters of the log" },
        h("label", {}, "Level, from", h("select", { name: "level", id: "filter-level" }, LEVELS.map((l) => h("option", { value: l, selected: (args.level || "debug") === l }, l)))),
        h("label", {}, "Words", h("input", { name: "words", id: "filter-words", value: args.words || "", size: 24 })), h("button", { type: "submit", id: "filter-go" }, "Show"));
}

export function draw(data, context, args) {
    const from = LEVELS.indexOf(args.level || "debug");
    const shown = data.lines.filter((l) => LEVELS.indexOf(l.level) >= from && (!args.words || l.text.includes(args.words))).reverse();
    return [h("h1", {}, "Log"), form(args), h("p", { class: "note" }, `${shown.length} of the last ${data.lines.length} lines, the newest first`),
        shown.length ? h("pre", { class: "log", id: "log", tabindex: 0, role: "region", "aria-label": "Lines of the log" }, shown.map((l) => h("span", { class: l.level }, l.repeated ? h("b", {}, `${l.repeated} \u00d7 `) : null, l.text, "\n")))
            : h("p", { class: "note" }, "No line fits these filters.")];
}
