/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a change by hand: a form of the state (store/state.h) over the daemon's control socket, or over the
 * file. Either way the row says "by hand" and who it was. */
#include "cli/session/hand_parts.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "control/asker.h"
#include "store/journal.h"
#include "store/state.h"
#include "store/store.h"
#include "json/member.h"
#include "json/write.h"

#define AGAIN_MS 50     /* between two looks */
#define ANSWER_MS 60000 /* for a daemon to write a row */

struct call { /* of a question to the daemon */
    struct hand *hand;
    struct defer failed;
    const struct error *error; /* with `failed` (error_keep) */
    store_done done;
    void *data;
};

/* ---- over the control socket ---- */

static void tell_failed(struct hand *h, const struct error *err)
{
    fprintf(stderr,
            "mpijobd %s: what became of a change could not be written down (its row in the journal stays in flight): "
            "%s\n",
            h->session->command, err->message);
    h->failed = true;
}

static void answered(void *data, struct json result, const struct error *err)
{
    struct call *c = data;
    int64_t row = 0;
    struct error odd;
    if (!err && c->done && !json_int64(json_get(result, "row"), &row))
        json_int64(json_get(result, "run"), &row);
    if (!err && c->done && row <= 0) {
        error_set(&odd, ERR_PROTOCOL, "the daemon's answer makes no sense");
        err = &odd;
    }
    if (c->done)
        c->done(c->data, err ? 0 : row, err);
    else if (err)
        tell_failed(c->hand, err);
    error_keep(&c->error, NULL);
    free(c);
}

static void not_asked(struct defer *defer)
{
    struct call *c = defer->data;
    answered(c, (struct json){0}, c->error);
}

/* args was begun as an object. Without memory for the call itself done is called at once, as store/done.h allows. */
static void ask(struct hand *h, const char *verb, struct json_writer *w, store_done done, void *data)
{
    struct error err;
    struct call *c = calloc(1, sizeof *c);
    json_write_end(w);
    int rc = c ? buf_result(w->out, "the row", &err) : error_nomem(&err);
    if (c) {
        *c = (struct call){.hand = h, .failed = {.call = not_asked, .data = c}, .done = done, .data = data};
        struct control_question q = {
            .verb = verb, .args = {buf_str(w->out)}, .ms = ANSWER_MS, .done = answered, .data = c};
        if (!rc)
            rc = control_ask(h->client, &q, &err);
    }
    buf_free(w->out);
    if (rc && c) {
        error_keep(&c->error, &err);
        defer_call(&h->session->soon, &c->failed);
    } else if (rc && done) {
        done(data, 0, &err);
    }
}

static void ask_intent(struct hand *h, const struct store_intent *i, store_done done, void *data)
{
    struct buf args = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_member_text_if(&w, "cluster", i->cluster);
    if (i->run)
        json_member_int(&w, "run", i->run);
    if (strcmp(i->policy, STORE_BY_HAND) != 0)
        json_member_text_if(&w, "policy", i->policy);
    json_member_text_if(&w, "server", i->server);
    json_member_text_if(&w, "version", i->version);
    json_member_text_if(&w, "resource", i->resource);
    json_member_text_if(&w, "namespace", i->name_space);
    json_member_text_if(&w, "name", i->name);
    json_member_text_if(&w, "uid", i->uid);
    json_member_text_if(&w, "resourceVersion", i->resource_version);
    json_member_text_if(&w, "verb", i->verb);
    json_member_text_if(&w, "diff", i->diff);
    json_member_text_if(&w, "effect", i->effect);
    json_member_text_if(&w, "why", i->why);
    json_member_text_if(&w, "traceparent", i->traceparent);
    json_member_text_if(&w, "frees", i->frees);
    json_member_bool_if(&w, "override", h->session->options.override);
    ask(h, "intent", &w, done, data);
}

static void ask_outcome(struct hand *h, const struct store_outcome *o, store_done done, void *data)
{
    struct buf args = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_member_int(&w, "row", o->id);
    json_member_int(&w, "status", o->status);
    json_member_text_if(&w, "outcome", o->outcome);
    json_member_text_if(&w, "message", o->message);
    json_member_text_if(&w, "effect", o->effect);
    json_member_text_if(&w, "why", o->why);
    json_member_text_if(&w, "resourceVersion", o->resource_version_after);
    json_member_text_if(&w, "name", o->name);
    json_member_text_if(&w, "uid", o->uid);
    ask(h, "outcome", &w, done, data);
}

/* ---- either way ---- */

static void intent(struct state *state, const struct store_intent *given, const struct store_handled *handled,
                   store_done done, void *data)
{
    struct hand *h = (struct hand *)state;
    struct store_intent row = *given;
    struct buf why = BUF_INIT;
    (void)handled; /* of policies alone */
    row.why = hand_why(h->session, given->why, &why);
    row.policy = given->policy && *given->policy ? given->policy : STORE_BY_HAND; /* a plan knows whose change it is */
    row.who = h->who;
    row.who_uid = h->uid;
    if (h->client)
        ask_intent(h, &row, done, data);
    else
        state_intent(store_state(h->session->store), &row, NULL, done, data);
    buf_free(&why);
}

static void outcome_failed(void *data, int64_t id, const struct error *err)
{
    (void)id;
    if (err)
        tell_failed(data, err);
}

static void outcome(struct state *state, const struct store_outcome *given, const struct store_handled *handled,
                    store_done done, void *data)
{
    struct hand *h = (struct hand *)state;
    struct store_outcome row = *given;
    struct buf why = BUF_INIT;
    (void)handled;
    row.why = given->why ? hand_why(h->session, given->why, &why) : NULL;
    if (h->client)
        ask_outcome(h, &row, done, data);
    else
        state_outcome(store_state(h->session->store), &row, NULL, done ? done : outcome_failed, done ? data : h);
    buf_free(&why);
}

static void observed(struct state *state, const struct store_observation *row, store_done done, void *data)
{
    struct hand *h = (struct hand *)state;
    struct buf args = BUF_INIT;
    struct json_writer w;
    if (!h->client) {
        state_observed(store_state(h->session->store), row, done, data);
        return;
    }
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_member_int(&w, "row", row->id);
    json_member_text_if(&w, "observed", row->observed);
    ask(h, "observed", &w, done, data);
}

static const struct state_ops hand_ops = {.intent = intent, .outcome = outcome, .observed = observed};

const char *hand_who(const struct hand *h)
{
    return h ? h->who : NULL;
}

struct state *hand_state(struct hand *h)
{
    return h ? &h->state : NULL;
}

/* ---- runs ---- */

static void run_written(void *data, int64_t id, const struct error *err)
{
    struct session *s = data;
    s->by_hand->run = id;
    if (err)
        s->error = *err;
    else
        error_clear(&s->error);
    s->flag = true;
}

int hand_run_begin(struct session *s, const char *cluster, const char *trigger, int64_t *run)
{
    struct hand *h = s->by_hand;
    struct buf args = BUF_INIT;
    struct json_writer w;
    *run = 0;
    if (!h)
        return 0;
    int64_t now = clock_now(&s->clock);
    struct store_run row = {.policy = STORE_BY_HAND,
                            .cluster = cluster,
                            .trigger = hand_trigger(s, trigger),
                            .scheduled_at = now,
                            .started_at = now,
                            .who = h->who,
                            .who_uid = h->uid};
    s->flag = false;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_member_text_if(&w, "cluster", cluster);
    json_member_text_if(&w, "trigger", trigger);
    json_member_bool_if(&w, "override", s->options.override);
    if (h->client) {
        ask(h, "run-begin", &w, run_written, s);
    } else {
        buf_free(&args);
        state_run_begin(store_state(s->store), &row, run_written, s);
    }
    session_wait(s);
    s->flag = false;
    *run = h->run;
    if (!s->error.code)
        return 0;
    error_prefix(&s->error, "nothing was changed, as it could not be written down");
    return session_fail(s, &s->error);
}

void hand_run_end(struct session *s, const struct store_run *run)
{
    struct hand *h = s->by_hand;
    struct buf args = BUF_INIT;
    struct json_writer w;
    if (!h || !run->id)
        return;
    struct store_run ended = *run;
    ended.ended_at = clock_now(&s->clock);
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_member_int(&w, "run", run->id);
    json_member_text_if(&w, "outcome", run->outcome);
    json_member_text_if(&w, "message", run->message);
    json_member_int(&w, "changed", run->changed);
    json_member_int(&w, "unchanged", run->unchanged);
    json_member_int(&w, "failed", run->failed);
    if (h->client) {
        ask(h, "run-end", &w, NULL, NULL);
    } else {
        buf_free(&args);
        journal_run_end(store_journal(s->store), &ended, outcome_failed, h);
    }
}

/* ---- opening and closing ---- */

static void find_name(struct hand *h)
{
    struct passwd entry, *found = NULL;
    char texts[4096];
    h->uid = geteuid();
    if (getpwuid_r(geteuid(), &entry, texts, sizeof texts, &found) == 0 && found)
        snprintf(h->who, sizeof h->who, "%s", found->pw_name);
    else
        snprintf(h->who, sizeof h->who, "%ld", (long)geteuid());
}

int hand_open(struct session *s)
{
    char path[4096];
    int code = hand_check_freeze(s);
    if (code)
        return code;
    session_state_path(s, path);
    if (s->options.dry_run || s->options.no_journal || !hand_has_journal(s, path))
        return 0;
    struct hand *h = calloc(1, sizeof *h);
    if (!h)
        return session_fail(s, (error_nomem(&s->error), &s->error));
    h->state.ops = &hand_ops;
    h->session = s;
    find_name(h);
    int rc = hand_find(s, h, path);
    for (int waited = 0; rc && waited < hand_patience(h); waited += AGAIN_MS) {
        session_pause(s, AGAIN_MS);
        rc = hand_find(s, h, path);
    }
    if (!rc) {
        s->by_hand = h;
        return 0;
    }
    free(h);
    error_prefix(&s->error, "nothing was changed, as it could not be written down");
    error_append(&s->error, "; --no-journal changes it without a row in the journal");
    return session_fail(s, &s->error);
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

bool hand_close(struct session *s)
{
    struct hand *h = s->by_hand;
    if (!h)
        return true;
    while (h->client && control_asker_waiting(h->client) && uv_run(&s->loop, UV_RUN_ONCE)) {
    }
    if (h->client) {
        control_asker_close(h->client, closed, s);
        session_wait(s);
    }
    if (!h->client) {
        store_close(s->store, closed, s);
        session_wait(s);
        s->store = NULL;
    }
    bool well = !h->failed;
    free(h);
    s->by_hand = NULL;
    return well;
}
