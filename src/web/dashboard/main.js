// SPDX-License-Identifier: Apache-2.0
// The dashboard: which view is shown, when it is drawn again, who is signed in, and whether what is shown is still so.
import { get, listen, setToken, token } from "./api.js";
import { ask, say } from "./ask.js";
import { h, setNow, tickTimes } from "./dom.js";
import * as clusters from "./clusters.js";
import * as gpus from "./gpus.js";
import * as job from "./job.js";
import * as jobs from "./jobs.js";
import * as journal from "./journal.js";
import * as log from "./log.js";
import * as overview from "./overview.js";
import * as policy from "./policy.js";
import * as run from "./run.js";

// Each has title(args), load(args, signal), draw(data, context, args), and hears(event): whether it shows what that event is about.
// fresh: what takes the daemon some work is asked for each minute at most ("minute"), or by a person alone ("button"); what no
// event tells of, every few seconds ("seconds").
const VIEWS = { "": overview, policies: policy, runs: run, jobs, job, gpus, journal, clusters, log };
const NAVIGATION = [["", "Overview"], ["jobs", "Jobs"], ["gpus", "GPUs"], ["journal", "Journal"], ["clusters", "Clusters"], ["log", "Log"]];
const GATHER_MS = 250; // events come in swarms: the view is asked for once,
const PAUSES = { minute: 60000, seconds: 3000 };
const SHARE = 4; // and what takes the daemon long, more seldom: the pause is so many times what the last one took

const main = document.getElementById("main");
const state = { status: null, view: null, args: null, data: undefined, drawn: "", serial: 0, asked: null, failed: null, timer: 0, took: 0, heard: null };

// ---- where we are ----

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text; // a person has typed it so
    }
}

function place() {
    const [path, search] = location.hash.replace(/^#\/?/, "").split("?");
    const [name, ...rest] = path.split("/");
    const args = Object.fromEntries(new URLSearchParams(search || ""));
    if (rest.length) args.id = decoded(rest.join("/"));
    return { view: VIEWS[name] || overview, name: VIEWS[name] ? name : "", args };
}

function drawNavigation(name) {
    document.getElementById("nav").replaceChildren(...NAVIGATION.map(([to, text]) =>
        h("a", { href: "#/" + to, "aria-current": to === name ? "page" : null }, text)));
}

function go() {
    const { view, name, args } = place();
    const first = !state.view;
    Object.assign(state, { view, args, data: undefined, drawn: "" });
    drawNavigation(name);
    document.title = `${view.title(args)} · mpijobd`;
    document.getElementById("alert").replaceChildren();
    if (!first) {
        main.replaceChildren(h("h1", { tabindex: -1 }, view.title(args)), h("p", { class: "note" }, "…"));
        main.querySelector("h1").focus();
        scrollTo(0, 0);
    }
    refresh();
}

// ---- what is shown ----

const context = {
    refresh: () => refresh(),
    mayAct: () => Boolean(state.status && state.status.may_act),
    status: () => state.status,
};

// What had the focus has it again, where it is still there: it is known by its id.
function show(nodes) {
    const focused = document.activeElement && main.contains(document.activeElement) ? document.activeElement.id : "";
    const heading = document.activeElement && document.activeElement.tagName === "H1";
    main.replaceChildren(...nodes);
    const again = focused ? document.getElementById(focused) : heading ? main.querySelector("h1") : null;
    if (again) again.focus({ preventScroll: true });
}

function draw() {
    const form = main.querySelector("form[data-open]"); // who is filling it in is not disturbed
    const text = JSON.stringify([state.data, { ...state.status, now: null }]);
    if (text === state.drawn || (form && form.contains(document.activeElement))) return;
    state.drawn = text;
    const nodes = state.view.draw(state.data, context, state.args);
    nodes.find((n) => n && n.tagName === "H1")?.setAttribute("tabindex", "-1");
    show(nodes.filter(Boolean));
}

function drawSession() {
    const s = state.status;
    const who = document.getElementById("who"), sign = document.getElementById("sign");
    who.textContent = !s ? "" : s.may_act ? "may act" : "may read";
    sign.replaceChildren(token() ? h("button", { type: "button", class: "plain", onclick: signOut }, "Sign out")
        : h("button", { type: "button", class: "plain", onclick: signIn }, s ? "Sign in to act" : "Sign in"));
}

function fail(problem) {
    state.failed = problem;
    if (problem.status === 401) {
        state.status = null;
        state.drawn = "";
        const known = token();
        show([h("h1", { tabindex: -1 }, "Sign in"), h("p", {}, known ? "The daemon does not know this token (any more)." : "This daemon shows nothing without a token."),
            h("button", { type: "button", class: "main", id: "sign-in", onclick: signIn }, "Sign in with a token")]);
    } else if (state.data === undefined) {
        show([h("h1", { tabindex: -1 }, state.view.title(state.args)), h("p", { class: "box bad" }, problem.message),
            h("button", { type: "button", id: "retry", onclick: () => refresh() }, "Try again")]);
    } else {
        document.getElementById("alert").replaceChildren(h("p", {}, `${problem.message}. What is shown is as it was at ${state.since}.`));
    }
    drawSession();
}

function done() {
    if (state.failed) document.getElementById("alert").replaceChildren();
    state.failed = null;
    state.since = new Date().toLocaleTimeString();
}

// The newest call counts; an older one is given up.
async function refresh() {
    const serial = ++state.serial;
    if (state.asked) state.asked.abort();
    state.asked = new AbortController();
    const { signal } = state.asked, { view, args } = state, begun = performance.now();
    clearTimeout(state.timer);
    state.timer = 0;
    try {
        const [status, data] = await Promise.all([get("/status", null, signal), view.load(args, signal)]);
        if (serial !== state.serial) return;
        state.took = performance.now() - begun;
        setNow(status.now);
        state.status = status;
        state.data = data;
        done();
        draw();
        drawSession();
        hear();
        if (PAUSES[view.fresh]) refreshSoon();
    } catch (problem) {
        if (serial === state.serial && problem.name !== "AbortError") fail(problem);
    }
}

function refreshSoon() {
    const { fresh } = state.view, whole = state.data !== undefined && !state.failed;
    if (fresh === "button" && whole) return;
    const wait = whole && PAUSES[fresh] ? PAUSES[fresh] : Math.max(GATHER_MS, SHARE * state.took);
    if (!state.timer) state.timer = setTimeout(refresh, wait);
}

// ---- what happens ----

const LIVE = { live: "live", lost: "connection lost, trying again", polls: "not live: too many look on; asked again every 10 s" };

function told(how) {
    document.getElementById("live").textContent = LIVE[how];
    if (how === "lost") refreshSoon();
}

function happened(name, data) {
    if (name === "signed-out") fail({ status: 401 });
    else if (["ready", "gap", "poll", "parts", "policies", "pause"].includes(name) || !state.view.hears || state.view.hears(name, data, state.args)) refreshSoon();
}

function hear() {
    if (state.heard) return;
    state.heard = new AbortController();
    listen(state.heard.signal, told, happened);
}

function stopHearing() {
    if (state.heard) state.heard.abort();
    state.heard = null;
    document.getElementById("live").textContent = "";
}

// ---- who looks ----

async function tryToken(text) {
    const before = token();
    setToken(text);
    try {
        const status = await get("/status");
        if (status.who === "anyone") throw new Error("The daemon does not know this token.");
    } catch (problem) {
        setToken(before);
        throw problem.status === 401 ? new Error("The daemon does not know this token.") : problem;
    }
}

async function signIn() {
    const done = await ask({ title: "Sign in", about: "The token of tokens.write may act, the one of tokens.read may only look. It is kept until this tab is closed.",
        button: "Sign in", fields: [{ name: "token", label: "Token", type: "password", needed: true }], work: ({ token: text }) => tryToken(text.trim()) });
    if (!done) return;
    stopHearing();
    say("You are signed in.");
    state.drawn = "";
    refresh();
}

function signOut() {
    setToken(null);
    stopHearing();
    Object.assign(state, { status: null, data: undefined, drawn: "" });
    say("You are signed out.");
    refresh();
}

// ---- the beginning ----

document.getElementById("skip").addEventListener("click", (event) => { // the address after # is the view's
    event.preventDefault();
    main.focus();
});
addEventListener("hashchange", go);
addEventListener("visibilitychange", () => { if (!document.hidden) refreshSoon(); });
setInterval(tickTimes, 1000);
drawSession();
go();
