/* SPDX-License-Identifier: Apache-2.0 */
/* The overview as HTML. All texts come from others, policies and servers, and are escaped. */
#include "web/dashboard.h"

#include <inttypes.h>
#include <string.h>

#include "base/visible.h"

#define MARK "<!-- overview -->"
#define HTML "text/html; charset=utf-8"

static void text(struct buf *out, struct str s)
{
    static const char *const escapes[] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    struct buf seen = BUF_INIT;
    visible_add(&seen, s);
    for (size_t i = 0; i < seen.len; i++) {
        unsigned char c = (unsigned char)seen.ptr[i];
        if (c < sizeof escapes / sizeof *escapes && escapes[c])
            buf_puts(out, escapes[c]);
        else
            buf_putc(out, (char)c);
    }
    out->failed = out->failed ? out->failed : seen.failed;
    buf_free(&seen);
}

/* A member of an object; "-" where it is null. */
static void member(struct buf *out, struct json of, const char *key)
{
    struct buf decoded = BUF_INIT;
    struct json v = json_get(of, key);
    if (json_type(v) == JSON_STRING)
        json_decode(v, &decoded);
    else if (json_type(v) == JSON_NULL || !json_exists(v))
        buf_putc(&decoded, '-');
    else
        buf_add_str(&decoded, v.text);
    text(out, buf_str(&decoded));
    out->failed = out->failed ? out->failed : decoded.failed;
    buf_free(&decoded);
}

static void cell(struct buf *out, struct json of, const char *key)
{
    buf_puts(out, "<td>");
    member(out, of, key);
    buf_puts(out, "</td>");
}

/* ---- what is in trouble ---- */

static void write_trouble(struct buf *out, struct json status)
{
    size_t n = 0;
    for (struct json_iter it = json_iter(json_get(status, "parts")); json_next(&it);) {
        if (json_is_true(json_get(it.value, "well")))
            continue;
        buf_puts(out, n++ ? "<li>" : "<h2>In trouble</h2>\n<ul><li>");
        member(out, it.value, "name");
        buf_puts(out, ": ");
        member(out, it.value, "state");
        buf_puts(out, "</li>\n");
    }
    for (struct json_iter it = json_iter(json_get(status, "quarantined_files")); json_next(&it);) {
        buf_puts(out, n++ ? "<li>" : "<h2>In trouble</h2>\n<ul><li>");
        member(out, it.value, "file");
        buf_puts(out, ": ");
        member(out, it.value, "why");
        buf_puts(out, "</li>\n");
    }
    buf_puts(out, n ? "</ul>\n" : "");
}

/* ---- the policies ---- */

static void write_state(struct buf *out, struct json on)
{
    buf_puts(out, "<td>");
    member(out, on, "state");
    if (json_type(json_get(on, "why")) == JSON_STRING) {
        buf_puts(out, "<small>");
        member(out, on, "why");
        buf_puts(out, "</small>");
    }
    buf_puts(out, "</td>");
}

static void write_last(struct buf *out, struct json policy)
{
    struct json last = json_get(policy, "last");
    int64_t waits = 0;
    buf_puts(out, "<td>");
    if (json_type(last) == JSON_OBJECT) {
        member(out, last, json_type(json_get(last, "outcome")) == JSON_NULL ? "trigger" : "outcome");
        buf_puts(out, "<small>");
        member(out, last, "started_at");
        buf_puts(out, "</small>");
    } else {
        buf_puts(out, "has not run");
    }
    if (json_int64(json_get(policy, "waits"), &waits) && waits > 0)
        buf_printf(out, "<small>%" PRId64 " wait for approval</small>", waits);
    buf_puts(out, "</td>");
}

static void write_policy(struct buf *out, struct json policy)
{
    for (struct json_iter it = json_iter(json_get(policy, "clusters")); json_next(&it);) {
        buf_puts(out, "<tr><th scope=\"row\">");
        member(out, policy, "policy");
        if (json_type(json_get(policy, "about")) == JSON_STRING) {
            buf_puts(out, "<small>");
            member(out, policy, "about");
            buf_puts(out, "</small>");
        }
        buf_puts(out, "</th>");
        cell(out, it.value, "cluster");
        write_state(out, it.value);
        cell(out, policy, "trigger");
        cell(out, it.value, "next");
        write_last(out, policy);
        buf_puts(out, "</tr>\n");
    }
}

static void write_overview(struct buf *out, struct json status)
{
    buf_puts(out, "<h1>Overview</h1>\n<p class=\"note\">mpijobd ");
    member(out, status, "version");
    buf_puts(out, ", as of ");
    member(out, status, "now");
    buf_puts(out, ". Without JavaScript the page stays as it is: load it again for a newer one.</p>\n");
    write_trouble(out, status);
    buf_puts(out, "<h2>Policies</h2>\n<div class=\"scrolls\"><table><thead><tr><th scope=\"col\">Policy</th><th "
                  "scope=\"col\">Cluster</th>"
                  "<th scope=\"col\">State</th><th scope=\"col\">Runs</th><th scope=\"col\">Next</th><th "
                  "scope=\"col\">Last</th></tr></thead>\n<tbody>\n");
    for (struct json_iter it = json_iter(json_get(status, "policies")); json_next(&it);)
        write_policy(out, it.value);
    buf_puts(out, "</tbody></table></div>\n");
    if (!json_count(json_get(status, "policies")))
        buf_puts(out, "<p>No policy is in force.</p>\n");
}

/* ---- the page ---- */

static void write_page(struct buf *out, const char *note, struct json status)
{
    const struct str frame = dashboard_file("index.html");
    const char *mark = memmem(frame.ptr, frame.len, MARK, sizeof MARK - 1);
    size_t head = mark ? (size_t)(mark - frame.ptr) : frame.len, behind = mark ? head + sizeof MARK - 1 : frame.len;
    buf_add(out, frame.ptr, head);
    if (note)
        buf_printf(out, "<p class=\"note\">%s</p>", note);
    else
        write_overview(out, status);
    buf_add(out, frame.ptr + behind, frame.len - behind);
}

static int form_page(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    (void)r;
    (void)err;
    write_page(out, NULL, result);
    return 0;
}

static void answer_without(struct admin_request *r, const char *note)
{
    struct buf out = BUF_INIT;
    write_page(&out, note, (struct json){0});
    admin_answer(r, 200, HTML, &out);
}

void first_page_answer(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "status", .type = HTML, .form = form_page};
    struct web *web = data;
    admin_request_page(r);
    if (!admin_request_may(r, ADMIN_READER))
        answer_without(r, "Nothing is shown here without a token. Without JavaScript, send it with the "
                          "request: curl -H \"Authorization: Bearer TOKEN\".");
    else if (!web->control)
        answer_without(r, web->stopped ? "The daemon is being stopped."
                                       : "The daemon is being started. Load this page again.");
    else
        ask_verb(web, r, &form);
}
