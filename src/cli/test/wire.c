/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers between the HTTP client and the simulator's core. */
#include "cli/test/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "cli/test/wire_rules.h"
#include "sim/read/watch_carry.h"

struct wire_stream {
    struct wire *wire;
    struct http_request *request;
    struct sim_response response; /* has the watch */
    bool stopped;                 /* the client wants no more, and will end it */
    struct wire_stream *prev, *next;
};

static void stream_free(struct wire_stream *s)
{
    DL_DELETE(s->wire->streams, s);
    sim_response_free(&s->response);
    free(s);
}

/* ---- watches ---- */

/* Tells what there is; the stream may be gone afterwards. */
static void stream_tell(struct wire_stream *s)
{
    for (;;) {
        struct buf text = BUF_INIT;
        enum sim_watch_state state = s->stopped ? SIM_WATCH_QUIET : sim_watch_read(s->response.watch, &text, 65536);
        if (text.len && !http_carried_body(s->request, text.ptr, text.len))
            s->stopped = true;
        bool data = text.len > 0;
        buf_free(&text);
        if (s->stopped || (state == SIM_WATCH_QUIET && !data))
            return;
        if (state == SIM_WATCH_END || state == SIM_WATCH_CUT) {
            struct http_request *request = s->request;
            stream_free(s);
            http_carried_over(request, state == SIM_WATCH_END ? 0 : ERR_UNREACHABLE);
            return;
        }
    }
}

static void tell_all(struct defer *turn)
{
    struct wire *w = turn->data;
    struct wire_stream *s, *next;
    DL_FOREACH_SAFE(w->streams, s, next) stream_tell(s);
}

void wire_wake(void *owner, struct sim_watch *watch)
{
    struct wire_stream *s = owner;
    (void)watch;
    defer_call(s->wire->soon, &s->wire->turn);
}

/* ---- requests ---- */

static void answer_head(struct http_request *request, const struct sim_response *response)
{
    http_carried_head(request, "Content-Type", response->content_type);
    for (size_t i = 0; i < response->header_count; i++) {
        const struct sim_header *h = &response->headers[i];
        http_carried_head(request, h->name, strcmp(h->name, "Retry-After") == 0 ? "0" : h->value);
    }
    http_carried_status(request, response->status);
}

static void open_stream(struct wire *w, struct http_request *request, struct sim_response *response)
{
    struct wire_stream *s = calloc(1, sizeof *s);
    if (!s) {
        sim_response_free(response);
        http_carried_over(request, ERR_NOMEM);
        return;
    }
    *s = (struct wire_stream){.wire = w, .request = request, .response = *response};
    DL_APPEND(w->streams, s);
    sim_watch_owner(s->response.watch, s);
    answer_head(request, &s->response);
    defer_call(w->soon, &w->turn);
}

/* How a fault wants the answer to be carried: 0, or the failure of the transfer. */
static int carry(struct http_request *request, const struct sim_response *response)
{
    const struct sim_wire *wire = &response->wire;
    if (wire->kind != SIM_WIRE_NORMAL)
        return ERR_UNREACHABLE;
    answer_head(request, response);
    size_t n = response->body.len < wire->cut_at ? response->body.len : wire->cut_at;
    if (n && !http_carried_body(request, response->body.ptr, n))
        return ERR_LIMIT;
    return n < response->body.len ? ERR_UNREACHABLE : 0;
}

static void serve(struct wire *w, struct http_request *request, struct sim_response *response)
{
    struct str body = http_carried_sent_body(request);
    struct sim_request req = {
        .method = http_carried_method(request),
        .target = http_carried_target(request),
        .accept = http_carried_sent(request, "Accept"),
        .content_type = http_carried_sent(request, "Content-Type"),
        .user_agent = "mpijobd",
        .body = body.len ? body.ptr : "",
        .body_len = body.len,
        .too_large = body.len > SIM_BODY_MAX,
    };
    sim_handle(w->sim, &req, response);
    sim_react(w->sim);
}

static void begin(void *data, struct http_request *request)
{
    struct wire *w = data;
    struct sim_response response = {0};
    const char *method = http_carried_method(request), *target = http_carried_target(request);
    if (w->instead && w->instead(w->data, request))
        return;
    if (!wire_rules_refuse(w->rules, method, target, &response))
        serve(w, request, &response);
    if (w->answered)
        w->answered(w->data, method, target, response.status);
    if (response.watch) {
        open_stream(w, request, &response);
        return;
    }
    int rc = carry(request, &response);
    sim_response_free(&response);
    if (rc != ERR_LIMIT) /* that is the client's, who ends it itself */
        http_carried_over(request, rc);
}

static void end(void *data, struct http_request *request)
{
    struct wire *w = data;
    struct wire_stream *s;
    DL_SEARCH_SCALAR(w->streams, s, request, request);
    if (s)
        stream_free(s);
}

/* ---- life ---- */

void wire_open(struct wire *w, struct sim *sim, struct defer_queue *soon)
{
    *w = (struct wire){.carrier = {.begin = begin, .end = end, .data = w}, .sim = sim, .soon = soon};
    w->turn = (struct defer){.call = tell_all, .data = w};
}

int wire_forbid(struct wire *w, const char *verb, const char *resource, const char *name_space)
{
    return wire_rules_add(&w->rules, verb, resource, name_space);
}

void wire_allow(struct wire *w)
{
    wire_rules_free(w->rules);
    w->rules = NULL;
}

void wire_close(struct wire *w)
{
    defer_cancel(&w->turn);
    wire_allow(w);
}
