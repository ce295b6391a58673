/* SPDX-License-Identifier: Apache-2.0 */
/* The table of faults. A `before` acts in place of the server; an `after` acts on its answer, when the work is done. */
#include "sim/fault/capacity.h"

#include "sim/read/watch.h"
#include "sim/server/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t number(int64_t given, int64_t otherwise)
{
    return given >= 0 ? given : otherwise;
}

static const char * or (const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static void retry_after(struct fault *f, struct exchange *x, int otherwise)
{
    char text[16];
    int seconds = f->retry_after >= 0 ? f->retry_after : otherwise;
    if (seconds < 0)
        return;
    snprintf(text, sizeof text, "%d", seconds);
    sim_response_header(x->resp, "Retry-After", text);
}

static void answer_status(struct fault *f, struct exchange *x, int code, const char *reason, const char *message)
{
    fail_with(x, f->code ? f->code : code, or (f->reason, reason), NULL, NULL, "%s", or (f->message, message));
}

static void answer_text(struct fault *f, struct exchange *x, int code, const char *media, const char *text)
{
    x->resp->status = f->code ? f->code : code;
    x->resp->content_type = f->media ? f->media : media;
    buf_reset(&x->resp->body);
    buf_puts(&x->resp->body, or (f->text, text));
}

static void do_status(struct fault *f, struct exchange *x)
{
    retry_after(f, x, -1);
    answer_status(f, x, 500, "InternalError", "an error on the server has prevented the request from succeeding");
}

static void do_body(struct fault *f, struct exchange *x)
{
    retry_after(f, x, -1);
    answer_text(f, x, 200, "application/json", "");
}

static void do_html(struct fault *f, struct exchange *x)
{
    answer_text(f, x, 200, "text/html; charset=utf-8",
                "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1>"
                "<form method=\"post\" action=\"/login\"><input name=\"user\"></form></body></html>\n");
}

static void do_redirect(struct fault *f, struct exchange *x)
{
    sim_response_header(x->resp, "Location", or (f->location, "https://login.example.invalid/?next=/"));
    answer_text(f, x, 302, "text/html; charset=utf-8", "<a href=\"https://login.example.invalid/\">Found</a>.\n");
}

static void do_too_many(struct fault *f, struct exchange *x)
{
    retry_after(f, x, 1);
    sim_response_header(x->resp, "X-Content-Type-Options", "nosniff");
    answer_text(f, x, 429, "text/plain; charset=utf-8", "Too many requests, please try again later.\n");
}

static void do_unavailable(struct fault *f, struct exchange *x)
{
    retry_after(f, x, 1);
    answer_status(f, x, 503, "ServiceUnavailable", "apiserver is shutting down");
}

static void do_conflict(struct fault *f, struct exchange *x)
{
    answer_status(
        f, x, 409, "Conflict",
        "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version "
        "and try again");
}

static void do_token_expired(struct fault *f, struct exchange *x)
{
    answer_status(f, x, 401, "Unauthorized", "Unauthorized");
}

static void do_forbidden(struct fault *f, struct exchange *x)
{
    answer_status(f, x, 403, "Forbidden", "forbidden by a fault");
}

static void do_delay(struct fault *f, struct exchange *x)
{
    x->resp->wire.delay_ms += number(f->ms, 1000);
}

static void do_capacity(struct fault *f, struct exchange *x)
{
    int64_t ms = x->resp->status ? 0 : capacity_take(f);
    if (ms < 0)
        do_too_many(f, x);
    else
        x->resp->wire.delay_ms += ms;
}

static void carry(struct exchange *x, enum sim_wire_kind kind)
{
    x->resp->wire.kind = kind;
}

/* No work is done: any status keeps the request from the server. */
static void do_reset_before(struct fault *f, struct exchange *x)
{
    (void)f;
    carry(x, SIM_WIRE_RESET);
    x->resp->status = 599;
}

static void do_close_before(struct fault *f, struct exchange *x)
{
    do_reset_before(f, x);
    carry(x, SIM_WIRE_CLOSE);
}

static void do_stall(struct fault *f, struct exchange *x)
{
    do_reset_before(f, x);
    carry(x, SIM_WIRE_STALL);
}

static void do_reset_after(struct fault *f, struct exchange *x)
{
    (void)f;
    carry(x, SIM_WIRE_RESET);
}

static void do_close_after(struct fault *f, struct exchange *x)
{
    (void)f;
    carry(x, SIM_WIRE_CLOSE);
}

static void do_stall_after(struct fault *f, struct exchange *x)
{
    (void)f;
    carry(x, SIM_WIRE_STALL);
}

static void cut(struct fault *f, struct exchange *x, enum sim_wire_kind kind)
{
    struct sim_wire *w = &x->resp->wire;
    w->cut_at = (size_t)number(f->bytes, (int64_t)x->resp->body.len / 2);
    w->cut_kind = kind;
}

static void do_truncate(struct fault *f, struct exchange *x)
{
    cut(f, x, SIM_WIRE_CLOSE);
}

static void do_stall_body(struct fault *f, struct exchange *x)
{
    cut(f, x, SIM_WIRE_STALL);
}

static void do_reset_body(struct fault *f, struct exchange *x)
{
    cut(f, x, SIM_WIRE_RESET);
}

static void shorten(struct buf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->ptr[len] = 0;
    }
}

static void do_half(struct fault *f, struct exchange *x)
{
    shorten(&x->resp->body, (size_t)number(f->bytes, (int64_t)x->resp->body.len / 2));
}

static void do_empty(struct fault *f, struct exchange *x)
{
    if (f->code)
        x->resp->status = f->code;
    shorten(&x->resp->body, 0);
}

static void do_trickle(struct fault *f, struct exchange *x)
{
    x->resp->wire.trickle_bytes = (size_t)number(f->bytes, 1);
    x->resp->wire.trickle_ms = number(f->ms, 100);
}

static void do_wrong_length(struct fault *f, struct exchange *x)
{
    x->resp->wire.length_off = number(f->bytes, 100);
}

static void do_gzip(struct fault *f, struct exchange *x)
{
    (void)f;
    sim_response_header(x->resp, "X-Sim-Gzip", "always"); /* the HTTP front removes it and compresses the body */
}

static void do_bad_gzip(struct fault *f, struct exchange *x)
{
    (void)f;
    sim_response_header(x->resp, "Content-Encoding", "gzip");
}

static void do_pad(struct fault *f, struct exchange *x)
{
    struct buf *body = &x->resp->body, wide = BUF_INIT;
    if (!body->len || body->ptr[0] != '{')
        return;
    size_t n = (size_t)number(f->bytes, 3145728);
    buf_puts(&wide, "{\"aPadding\":\"");
    buf_reserve(&wide, n + body->len + 16);
    for (size_t i = 0; i < n; i++)
        buf_putc(&wide, 'x');
    buf_puts(&wide, "\",");
    buf_add(&wide, body->ptr + 1, body->len - 1);
    buf_free(body);
    *body = wide;
}

static void strike(struct fault *f, struct sim *sim, struct sim_wire *wire)
{
    (void)wire;
    watch_strike(sim, f->type->name + strlen("watch-"), f->path);
}

static void now_compact(struct fault *f, struct sim *sim, struct sim_wire *wire)
{
    (void)f;
    (void)wire;
    store_compact(&sim->store, sim->store.version);
}

static void now_restart(struct fault *f, struct sim *sim, struct sim_wire *wire)
{
    now_compact(f, sim, wire);
    wire->restart = true;
}

#define ANSWER " code retry-after "

const struct fault_type fault_types[] = {
    {.name = "status",
     .about = "answer with a Status of code (500), reason, message; no work is done",
     .keys = ANSWER "reason message ",
     .before = do_status},
    {.name = "body",
     .about = "answer code (200) with text as the body, of media type `type`",
     .keys = ANSWER "text type ",
     .before = do_body},
    {.name = "html", .about = "answer 200 with an HTML login page", .keys = " code text ", .before = do_html},
    {.name = "redirect", .about = "answer 302 to location", .keys = " code location ", .before = do_redirect},
    {.name = "too-many",
     .about = "429 in plain text with Retry-After (1), as an overloaded API server",
     .keys = ANSWER "text ",
     .before = do_too_many},
    {.name = "unavailable",
     .about = "503 with a Status and Retry-After (1)",
     .keys = ANSWER "reason message ",
     .before = do_unavailable},
    {.name = "conflict",
     .about = "409 Conflict, as if the object had changed",
     .keys = " message ",
     .before = do_conflict},
    {.name = "token-expired", .about = "401 Unauthorized", .keys = " message ", .before = do_token_expired},
    {.name = "forbidden", .about = "403 Forbidden", .keys = " message ", .before = do_forbidden},
    {.name = "delay",
     .about = "the answer comes ms (1000) later; adds to any other fault",
     .keys = " ms ",
     .adds = true,
     .before = do_delay},
    {.name = "capacity",
     .about = "seats (4) requests at once, ms (10) each; queue (0) more wait, and what comes beyond gets a 429",
     .keys = " seats ms queue retry-after text ",
     .adds = true,
     .before = do_capacity},
    {.name = "stall", .about = "no answer ever, no work is done", .keys = " ", .before = do_stall},
    {.name = "stall-after", .about = "the work is done, no answer ever", .keys = " ", .after = do_stall_after},
    {.name = "stall-body",
     .about = "the work is done; headers and `bytes` (half) of the body, then nothing",
     .keys = " bytes ",
     .after = do_stall_body},
    {.name = "reset-before",
     .about = "the connection is reset, no work is done",
     .keys = " ",
     .before = do_reset_before},
    {.name = "reset-after",
     .about = "the work is done, then the connection is reset: a lost answer",
     .keys = " ",
     .after = do_reset_after},
    {.name = "reset-body",
     .about = "the work is done; reset after `bytes` (half) of the body",
     .keys = " bytes ",
     .after = do_reset_body},
    {.name = "close-before",
     .about = "the connection is closed without an answer, no work is done",
     .keys = " ",
     .before = do_close_before},
    {.name = "close-after",
     .about = "the work is done, then the connection is closed without an answer",
     .keys = " ",
     .after = do_close_after},
    {.name = "truncate",
     .about = "the work is done; closed after `bytes` (half) of the announced body",
     .keys = " bytes ",
     .after = do_truncate},
    {.name = "half",
     .about = "the work is done; a body of `bytes` (half), correctly announced: half a JSON",
     .keys = " bytes ",
     .after = do_half},
    {.name = "empty",
     .about = "the work is done; the same status with an empty body",
     .keys = " code ",
     .after = do_empty},
    {.name = "trickle",
     .about = "the body comes `bytes` (1) at a time, every ms (100)",
     .keys = " bytes ms ",
     .after = do_trickle},
    {.name = "wrong-length",
     .about = "Content-Length is `bytes` (100) too large, then the connection is closed",
     .keys = " bytes ",
     .after = do_wrong_length},
    {.name = "gzip", .about = "the body is compressed, asked for or not", .keys = " ", .after = do_gzip},
    {.name = "bad-gzip", .about = "the answer claims to be compressed and is not", .keys = " ", .after = do_bad_gzip},
    {.name = "pad", .about = "a JSON answer is made larger by `bytes` (3145728)", .keys = " bytes ", .after = do_pad},
    {.name = "connect-break",
     .about = "the next connections are reset as soon as they are made (with --tls: in the handshake)",
     .keys = " "},
    {.name = "watch-silent",
     .about = "at once: open watches (of path) stay open and say nothing more",
     .keys = " ",
     .at_once = true,
     .now = strike},
    {.name = "watch-cut",
     .about = "at once: open watches break off in the middle of a line",
     .keys = " ",
     .at_once = true,
     .now = strike},
    {.name = "watch-gone",
     .about = "at once: open watches end with an ERROR event, 410 Expired",
     .keys = " ",
     .at_once = true,
     .now = strike},
    {.name = "watch-error",
     .about = "at once: open watches end with an ERROR event, 500",
     .keys = " ",
     .at_once = true,
     .now = strike},
    {.name = "watch-end", .about = "at once: open watches end cleanly", .keys = " ", .at_once = true, .now = strike},
    {.name = "compact",
     .about = "at once: the history is dropped; older versions and continue tokens are 410",
     .keys = " ",
     .at_once = true,
     .now = now_compact},
    {.name = "restart",
     .about = "at once: as compact, and all connections are reset",
     .keys = " ",
     .at_once = true,
     .now = now_restart},
};
const size_t fault_type_count = sizeof fault_types / sizeof fault_types[0];
