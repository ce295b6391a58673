// SPDX-License-Identifier: Apache-2.0
// What a person is asked before something is done, and what is said of it afterwards.
import { post } from "./api.js";
import { h } from "./dom.js";

// Says that something has been done.
export function say(text) {
    document.getElementById("news").replaceChildren(h("p", {}, text));
    setTimeout(() => {
        const said = document.getElementById("news").firstChild;
        if (said && said.textContent === text) said.remove();
    }, 8000);
}

function field(f) {
    const input = h("input", { name: f.name, type: f.type || "text", required: f.needed, value: f.value, min: f.min, max: f.max, placeholder: f.placeholder,
        autocomplete: "off", spellcheck: "false" });
    return f.type === "checkbox" ? h("label", { class: "check" }, input, f.label) : h("label", {}, f.label, input);
}

function values(form, fields) {
    const given = {};
    for (const f of fields) {
        const input = form.elements[f.name];
        given[f.name] = f.type === "checkbox" ? input.checked : input.value;
    }
    return given;
}

// A dialog: { title, about, button, harm, fields, work(values) }. What work throws is shown in it, and the person may try
// again. True: it was done; false: the person has gone back.
export function ask({ title, about, button, harm, fields = [], work }) {
    return new Promise((resolve) => {
        const wrong = h("div", { role: "alert" });
        const go = h("button", { type: "submit", class: harm ? "harm" : "main" }, button);
        const form = h("form", { method: "dialog" }, h("h2", { id: "asked" }, title), about && h("p", {}, about), fields.map(field), wrong,
            h("div", { class: "row" }, go, h("button", { type: "button", onclick: () => dialog.close() }, "Back")));
        const dialog = h("dialog", { "aria-labelledby": "asked" }, form);
        let done = false;
        form.addEventListener("submit", async (event) => {
            event.preventDefault();
            go.disabled = true;
            wrong.replaceChildren();
            try {
                await work(values(form, fields));
                done = true;
                dialog.close();
            } catch (problem) {
                wrong.replaceChildren(h("p", { class: "box bad" }, problem.message));
                go.disabled = false;
            }
        });
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(done);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

// A button that asks, posts, says what came of it, and has the view drawn again. body gets the values of the fields; wrong the
// answer, and says what is wrong with it for all that it came.
export function action(context, { id, text, harm, path, body, told, wrong, ...asked }) {
    return h("button", { type: "button", id, class: harm ? "harm" : null, onclick: async () => {
        let answer;
        const done = await ask({ title: text, button: text, harm, ...asked, work: async (given) => {
            answer = await post(path, body ? body(given) : {});
            const why = wrong && wrong(answer);
            if (why) throw new Error(why);
        } });
        if (!done) return;
        say(told(answer));
        context.refresh();
    } }, text);
}
