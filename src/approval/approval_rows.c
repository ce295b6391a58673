/* SPDX-License-Identifier: Apache-2.0 */
/* How waiting runs outlive the daemon: a row each, a line about the run and then its plan as plan/plan.h has it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "approval/approval_parts.h"
#include "base/texts.h"
#include "store/kept.h"
#include "store/state.h"
#include "json/member.h"
#include "json/write.h"

#define SPACE APPROVALS_SPACE
#define KEY_SIZE 24

static void key_of(int64_t run, char out[KEY_SIZE])
{
    snprintf(out, KEY_SIZE, "%" PRId64, run);
}

/* Is there no room for a new one? */
static bool is_full(const struct waiting *w, size_t bytes, struct error *err)
{
    const struct approvals *a = w->of;
    if (!w->kept || (a->bytes + bytes <= APPROVALS_BYTES_MAX && a->count_all <= APPROVALS_RUNS_MAX))
        return false;
    error_set(err, ERR_LIMIT,
              "%zu runs wait for approval already, with plans of %zu MiB; all together may be %d, of %zu MiB, and this "
              "one has %zu MiB: approve or reject some, or have the policy mean fewer jobs at once",
              a->count_all - 1, a->bytes >> 20, APPROVALS_RUNS_MAX, APPROVALS_BYTES_MAX >> 20, bytes >> 20);
    return true;
}

void waiting_weigh(struct waiting *w, size_t bytes)
{
    w->of->bytes += bytes - w->bytes;
    w->bytes = bytes;
}

void waiting_write(struct waiting *w, store_done done, void *data)
{
    struct buf out = BUF_INIT;
    struct json_writer j;
    struct plan plan = w->plan; /* its sum is written into this one */
    struct error err;
    char key[KEY_SIZE];
    key_of(w->run, key);
    json_writer_init(&j, &out);
    json_write_object(&j);
    json_member_text(&j, "policy", w->policy);
    json_member_text(&j, "cluster", w->cluster);
    json_member_int(&j, "since", w->since);
    json_member_int(&j, "expires", w->expires);
    json_member_int(&j, "unchanged", w->unchanged);
    json_member_int(&j, "failed", w->failed);
    json_member_text(&j, "approved_by", w->approved_by);
    json_member_int(&j, "approved_uid", w->approved_uid);
    json_member_text(&j, "asked_by", w->asked_by);
    json_member_int(&j, "asked_uid", w->asked_uid);
    json_member_int(&j, "quorum", w->quorum);
    json_member_int(&j, "undoes", w->undoes);
    json_member_text(&j, "origin", w->origin);
    json_member_text(&j, "traceparent", w->trace.text);
    json_write_key(&j, "given");
    json_write_array(&j);
    for (size_t i = 0; i < w->given_count; i++) {
        json_write_object(&j);
        json_member_text(&j, "by", w->given[i].by);
        json_member_int(&j, "uid", w->given[i].uid);
        json_member_int(&j, "at", w->given[i].at);
        json_write_end(&j);
    }
    json_write_end(&j);
    json_write_end(&j);
    buf_putc(&out, '\n');
    plan_write(&plan, &out, &err);
    if (is_full(w, out.len, &err)) {
        buf_free(&out);
        done(data, 0, &err);
        return;
    }
    waiting_weigh(w, out.len);
    /* Without memory the store says so: an empty text is no plan, and is never written. */
    struct store_kept row = {.space = SPACE, .key = key, .value = out.failed ? "" : out.ptr};
    state_keep(w->state, &row, false, done, data);
    buf_free(&out);
}

void waiting_erase(const struct waiting *w, store_done done, void *data)
{
    char key[KEY_SIZE];
    key_of(w->run, key);
    struct store_kept row = {.space = SPACE, .key = key};
    state_keep(w->state, &row, false, done, data);
}

/* ---- reading ---- */

struct reading {
    struct approvals *a;
    struct state *state;
    struct error *err;
    int rc;
};

/* A row of an earlier version has neither who asked nor who gave. */
static void read_people(struct waiting *w, struct json head)
{
    int64_t quorum = 0;
    w->asked_uid = -1;
    json_string_at(head, "/asked_by", w->asked_by, sizeof w->asked_by);
    json_int64(json_get(head, "asked_uid"), &w->asked_uid);
    json_int64(json_get(head, "quorum"), &quorum);
    w->quorum = quorum > 0 && quorum <= APPROVERS_QUORUM_MAX ? (unsigned)quorum : 0;
    json_string_at(head, "/approved_by", w->approved_by, sizeof w->approved_by);
    json_int64(json_get(head, "approved_uid"), &w->approved_uid);
    for (struct json_iter it = json_iter(json_get(head, "given"));
         w->given_count < APPROVERS_QUORUM_MAX && json_next(&it);) {
        struct approver_given *g = &w->given[w->given_count++];
        json_string_at(it.value, "/by", g->by, sizeof g->by);
        json_int64(json_get(it.value, "uid"), &g->uid);
        json_int64(json_get(it.value, "at"), &g->at);
    }
}

static int read_one(const struct reading *r, const struct store_kept *row, struct error *err)
{
    struct approvals *a = r->a;
    struct plan plan;
    struct json head;
    char policy[64], cluster[256], text[2 * TRACE_SIZE], *end;
    int64_t run = strtoll(row->key, &end, 10);
    const char *line = strchr(row->value, '\n');
    if (*end || run < 1 || !line)
        return error_set(err, ERR_INVALID, "the row of run %s is not one of mpijobd's", row->key);
    struct waiting *known;
    DL_SEARCH_SCALAR(a->list, known, run, run);
    if (known) {
        gone_is_back(a, known);
        known->gone = false;
        return 0;
    }
    int rc = json_parse(str_n(row->value, (size_t)(line - row->value)), "a run that waits", &head, err);
    if (!rc)
        rc = plan_read(&plan, str_of(line + 1), "its plan", err);
    if (rc)
        return rc;
    json_string_at(head, "/policy", policy, sizeof policy);
    json_string_at(head, "/cluster", cluster, sizeof cluster);
    struct waiting *w = waiting_new(a, run, r->state, policy, cluster, &plan);
    if (!w)
        return error_nomem(err);
    json_int64(json_get(head, "since"), &w->since);
    json_int64(json_get(head, "expires"), &w->expires);
    json_int64(json_get(head, "unchanged"), &w->unchanged);
    json_int64(json_get(head, "failed"), &w->failed);
    json_int64(json_get(head, "undoes"), &w->undoes);
    json_string_at(head, "/origin", w->origin, sizeof w->origin);
    if (json_string_at(head, "/traceparent", text, sizeof text) == 0)
        trace_parse(text, &w->trace);
    read_people(w, head);
    waiting_weigh(w, strlen(row->value));
    waiting_watch(w);
    gone_is_back(a, w);
    return 0;
}

static bool read_row(void *data, const struct store_kept *row)
{
    struct reading *r = data;
    struct error err;
    int rc = read_one(r, row, &err);
    if (rc == ERR_NOMEM)
        r->rc = error_nomem(r->err);
    else if (rc)
        log_event(r->a->o.log, LOG_ERROR, "a run that waits for approval cannot be read, and waits on",
                  LOG_FIELDS({"row", row->key}, {"reason", err.message}));
    return !r->rc;
}

int waiting_read(struct approvals *a, struct state *state, struct error *err)
{
    struct reading r = {.a = a, .state = state, .err = err};
    int rc = state_read_kept(state, SPACE, read_row, &r, err);
    return rc ? rc : r.rc;
}
