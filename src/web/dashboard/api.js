// SPDX-License-Identifier: Apache-2.0
// The JSON API, asked with the token of the person who looks; and its events, by fetch, as an EventSource sends no token.

const KEY = "mpijobd.token";
const POLL_MS = 10000;
const RETRY_MS = 2000;

export function token() {
    return sessionStorage.getItem(KEY);
}

export function setToken(text) {
    if (text) sessionStorage.setItem(KEY, text);
    else sessionStorage.removeItem(KEY);
}

// What went wrong. status 0: there was no answer.
export class Problem extends Error {
    constructor(status, detail) {
        super(detail);
        this.status = status;
    }
}

function headers(more) {
    const sent = new Headers(more || {});
    if (token()) sent.set("Authorization", `Bearer ${token()}`);
    return sent;
}

async function ask(method, path, body, signal) {
    let response, answer;
    try {
        response = await fetch("/api/v1" + path, { method, signal, body: body && JSON.stringify(body), cache: "no-store", redirect: "error",
            headers: headers(body && { "Content-Type": "application/json" }) });
        answer = await response.json();
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw response ? new Problem(response.status, "the answer is no JSON") : new Problem(0, "the daemon does not answer");
    }
    if (!response.ok) throw new Problem(response.status, answer.detail || response.statusText);
    return answer;
}

// args: what is null or "" is left out.
export function query(path, args) {
    const given = Object.entries(args || {}).filter(([, value]) => value !== null && value !== undefined && value !== "");
    return given.length ? path + "?" + new URLSearchParams(given) : path;
}

export function get(path, args, signal) {
    return ask("GET", query(path, args), undefined, signal);
}

export function post(path, body) {
    return ask("POST", path, body || {});
}

// All items of a list, page by page; at most so many.
export async function all(path, args, most = 5000) {
    const items = [];
    let cursor = null;
    do {
        const page = await get(path, { ...args, limit: Math.min(1000, most - items.length), cursor });
        items.push(...page.items);
        cursor = page.next;
    } while (cursor && items.length < most);
    return items;
}

export const part = encodeURIComponent;

// ---- events ----

async function read(response, heard) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        rest += value;
        for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
            const fields = {};
            for (const line of rest.slice(0, end).split("\n")) {
                const colon = line.indexOf(": ");
                if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
            }
            rest = rest.slice(end + 2);
            heard(fields);
        }
    }
}

function pause(ms, signal) {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
    });
}

// Hears events until the signal. told(state): "live", "lost", or "polls" where too many hear them already; event(name, data).
export async function listen(signal, told, event) {
    let last = null;
    while (!signal.aborted) {
        let wait = RETRY_MS;
        try {
            const response = await fetch("/api/v1/events", { signal, cache: "no-store", headers: headers(last && { "Last-Event-ID": last }) });
            if (response.ok) {
                told("live");
                await read(response, (fields) => {
                    last = fields.id || last;
                    if (fields.event) event(fields.event, JSON.parse(fields.data || "{}"));
                });
                told("lost");
            } else if (response.status === 401) {
                told("lost");
                event("signed-out", {});
                return;
            } else {
                told("polls");
                event("poll", {});
                wait = POLL_MS;
            }
        } catch {
            if (!signal.aborted) told("lost");
        }
        await pause(wait, signal);
    }
}
