// SPDX-License-Identifier: Apache-2.0
// Elements, times and tables. Whatever comes from the daemon is set as text, never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined && child !== false) element.append(child);
    }
    return element;
}

// h("p", { class: "note" }, "text", h("b", {}, "more")); what is null is left out.
export function h(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

// ---- times ----

let ahead = 0; // how far the daemon's clock is ahead of the browser's, in ms

export function setNow(text) {
    ahead = Date.parse(text) - Date.now();
}

export function now() {
    return Date.now() + ahead;
}

// 75 s: "1 m 15 s"; the two largest units.
export function span(seconds) {
    const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
    let rest = Math.max(0, Math.round(seconds));
    const parts = [];
    for (const [name, length] of units) {
        const n = Math.floor(rest / length);
        rest -= n * length;
        if (n || (name === "s" && !parts.length)) parts.push(`${n} ${name}`);
        if (parts.length === 2) break;
    }
    return parts.join(" ");
}

function relative(at, due) {
    const seconds = (at - now()) / 1000;
    if (due) return seconds > 0.5 ? `in ${span(seconds)}` : "due now";
    return seconds > 1 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" }); // to make one for each instant takes long

// An instant as people say it, which goes on by itself. due: a countdown.
export function when(text, due) {
    if (!text) return h("span", { class: "quiet" }, "–");
    const at = Date.parse(text);
    return h("time", { class: "when", datetime: text, "data-at": at, "data-due": due ? "yes" : null,
        title: LOCAL.format(at) }, relative(at, due));
}

export function tickTimes() {
    for (const element of document.querySelectorAll("time[data-at]")) {
        const text = relative(Number(element.dataset.at), element.dataset.due);
        if (element.textContent !== text) element.textContent = text;
    }
}

// ---- words with a colour ----

const MEANS = {
    done: "good", "in force": "good", effective: "good", seen: "good", "at-finish": "good", connected: "good", Succeeded: "good", unchanged: "good",
    partial: "warn", paused: "warn", "stands aside": "warn", inert: "warn", late: "warn", "not-seen": "warn", interrupted: "warn",
    cancelled: "warn", expired: "warn", rejected: "warn", unknown: "warn", "standing by": "info", lost: "warn", "not-done": "warn",
    failed: "bad", "in quarantine": "bad", destructive: "bad", reverted: "bad", Failed: "bad",
    acts: "good", later: "info", "no-match": "other", held: "warn", "nothing-to-do": "good", fails: "bad",
    waiting: "info", stored: "info", Running: "info", Pending: "info",
};

export function means(word) {
    return MEANS[word] || "other";
}

export function tag(word) {
    return word ? h("span", { class: `tag ${means(word)}` }, word) : h("span", { class: "quiet" }, "–");
}

// ---- tables ----

// columns: { head, cell(row), class, row: true for the one that names it }
export function table(caption, columns, rows, empty) {
    if (!rows.length) return h("p", { class: "note" }, empty);
    const head = columns.map((c) => h("th", { scope: "col", class: c.class }, c.head));
    const body = rows.map((row) => h("tr", {}, columns.map((c) =>
        c.row ? h("th", { scope: "row", class: c.class }, c.cell(row)) : h("td", { class: c.class }, c.cell(row)))));
    return h("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
        h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

export function facts(...pairs) {
    return h("dl", { class: "facts" }, pairs.filter((p) => p && p[1] !== null && p[1] !== undefined)
        .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export function link(to, text) {
    return h("a", { href: "#/" + to }, text);
}

// ---- the outcomes of the last runs ----

const HEIGHTS = { good: 14, warn: 11, bad: 18, info: 8, other: 6, open: 14 };

export function sparkline(recent) {
    if (!recent.length) return h("span", { class: "quiet" }, "has not run");
    const counts = new Map();
    const bars = recent.map((run, i) => {
        const word = run.outcome || "goes on", kind = run.outcome ? means(word) : "open";
        counts.set(word, (counts.get(word) || 0) + 1);
        return svg("rect", { class: kind, x: i * 6 + 0.5, y: 18.5 - HEIGHTS[kind], width: 4, height: HEIGHTS[kind], rx: 1 });
    });
    const told = [...counts].map(([word, n]) => `${n} ${word}`).join(", ");
    return svg("svg", { class: "spark", role: "img", width: 121, height: 20, viewBox: "0 0 121 20",
        "aria-label": `the last ${recent.length} runs: ${told}` }, svg("title", {}, told), bars);
}
