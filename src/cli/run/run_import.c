/* SPDX-License-Identifier: Apache-2.0 */
/* Read on another thread, handed over some rows at a time; the first and the last row say that it was begun and is
 * done. */
#include "cli/run/run_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/texts.h"
#include "shared/shared_form.h"
#include "store/kept.h"
#include "store/store.h"
#include "store/whole/own_rows.h"

#define SPACE "import" /* of kept texts, in the shared state */
#define KEY "file"
#define GIVEN "given" /* in SHARED_OWN_SPACE of the file that was taken over */
#define BEGUN "begun"
#define DONE "done"
#define LEFT "left"
#define SLICE 1000 /* rows in a turn of the loop */

struct import_row {
    struct own_row row;
    void *texts;
};

/* ---- is it wanted? ---- */

static bool any_row(void *data, const struct own_row *row)
{
    (void)row;
    *(bool *)data = true;
    return false;
}

struct asked {
    const char *key;
    char value[16];
};

static bool kept_row(void *data, const struct store_kept *row)
{
    struct asked *a = data;
    if (strcmp(row->key, a->key) == 0)
        snprintf(a->value, sizeof a->value, "%s", row->value);
    return true;
}

/* Has this file a state that was not handed over before? begun: an earlier try has. */
static bool has_own(struct session *s, bool begun)
{
    struct error err;
    struct asked own = {.key = GIVEN};
    bool any = false;
    if (store_read_own(s->store, any_row, &any, &err) ||
        store_read_kept(s->store, SHARED_OWN_SPACE, kept_row, &own, &err))
        return false;
    return any && (begun || !*own.value); /* else a person has begun again without a state */
}

bool run_import_wanted(struct session *s, size_t rows)
{
    struct error err;
    struct asked shared = {.key = KEY};
    char path[4096];
    bool begun =
        rows && store_read_kept(s->store, SPACE, kept_row, &shared, &err) == 0 && strcmp(shared.value, BEGUN) == 0;
    bool own = (!rows || begun) && has_own(s, begun);
    if (own && s->config.lead.import)
        return true;
    if (own && !begun)
        log_event(&s->log, LOG_WARN,
                  "what the replicas share begins empty, though this daemon has a state of its own: policies with "
                  "on = \"match\" act again on all jobs that match",
                  LOG_FIELDS({"file", session_state_path(s, path)},
                             {"cure", "leader_election.import: true takes it over, before anything is shared"}));
    if (begun) /* it goes on without the rest, which would be older than what comes now */
        store_keep(s->store, &(struct store_kept){.space = SPACE, .key = KEY, .value = LEFT}, NULL, NULL);
    return false;
}

/* ---- reading ---- */

static bool take_row(void *data, const struct own_row *row)
{
    struct run_import *m = data;
    struct import_row *rows = grown(m->rows, m->count, &m->cap, sizeof *rows, 256);
    if (!rows)
        return error_nomem(&m->error), false;
    m->rows = rows;
    struct import_row *to = &m->rows[m->count];
    *to = (struct import_row){.row = *row};
    to->texts = TEXTS_COPY({&to->row.key, row->key}, {&to->row.second, row->second}, {&to->row.value, row->value},
                           {&to->row.version, row->version});
    if (!to->texts)
        return error_nomem(&m->error), false;
    m->count++;
    m->marks += row->kind == OWN_MARK;
    m->handled += row->kind == OWN_HANDLED;
    m->kept += row->kind == OWN_KEPT;
    return true;
}

static void read_file(struct work *work)
{
    struct run_import *m = (struct run_import *)work;
    struct error err;
    if (store_read_own(m->session->store, take_row, m, &err) && !m->error.code)
        m->error = err;
}

/* ---- handing over ---- */

static void finish(struct run_import *m)
{
    char marks[24], handled[24], kept[24], path[4096];
    snprintf(marks, sizeof marks, "%zu", m->marks);
    snprintf(handled, sizeof handled, "%zu", m->handled);
    snprintf(kept, sizeof kept, "%zu", m->kept);
    if (!m->error.code)
        log_event(&m->session->log, LOG_INFO, "the state of this daemon's file is what the replicas share from now on",
                  LOG_FIELDS({"file", session_state_path(m->session, path)}, LOG_JSON_FIELD("schedules", marks),
                             LOG_JSON_FIELD("handled", handled), LOG_JSON_FIELD("kept", kept)));
    if (!m->error.code)
        store_keep(m->session->store, &(struct store_kept){.space = SHARED_OWN_SPACE, .key = GIVEN, .value = DONE},
                   NULL, NULL);
    for (size_t i = 0; i < m->count; i++)
        free(m->rows[i].texts);
    free(m->rows);
    m->rows = NULL;
    m->count = m->cap = 0;
    m->active = false;
    m->done(m->data, m->error.code ? &m->error : NULL);
}

static void durable(void *data, int64_t id, const struct error *err)
{
    struct run_import *m = data;
    (void)id;
    if (err && !m->error.code)
        m->error = *err;
    if (--m->outstanding == 0 && m->ended)
        finish(m);
}

static void mark_done(struct run_import *m, const char *value)
{
    m->outstanding++;
    store_keep(m->session->store, &(struct store_kept){.space = SPACE, .key = KEY, .value = value}, durable, m);
}

static void hand_over(struct run_import *m, const struct own_row *row)
{
    m->outstanding++;
    switch (row->kind) {
    case OWN_MARK:
        state_set_mark(m->state, row->key, row->at, durable, m);
        return;
    case OWN_HANDLED:
        state_set_handled(
            m->state,
            &(struct store_handled){
                .key = row->key, .uid = row->second, .value = row->value, .version = row->version, .at = row->at},
            durable, m);
        return;
    case OWN_KEPT:
        store_keep(
            m->session->store,
            &(struct store_kept){.space = row->key, .key = row->second, .value = row->value, .expires_at = row->at},
            durable, m);
        return;
    }
}

static void slice(struct defer *turn)
{
    struct run_import *m = turn->data;
    m->outstanding++; /* this turn's own */
    for (size_t i = 0; i < SLICE && m->at < m->count && !m->error.code; i++)
        hand_over(m, &m->rows[m->at++].row);
    bool more = m->at < m->count && !m->error.code;
    if (more) {
        defer_call(&m->session->soon, &m->turn);
    } else {
        if (!m->error.code)
            mark_done(m, DONE);
        m->ended = true;
    }
    durable(m, 0, NULL);
}

static void was_read(struct work *work)
{
    struct run_import *m = (struct run_import *)work;
    m->outstanding++;
    if (!m->error.code)
        mark_done(m, BEGUN);
    m->turn = (struct defer){.call = slice, .data = m};
    defer_call(&m->session->soon, &m->turn);
    durable(m, 0, NULL);
}

void run_import_cancel(struct run_import *m)
{
    if (m->active && !m->error.code)
        error_set(&m->error, ERR_CANCELLED, "the lead was lost before this daemon's state was taken over");
}

void run_import_start(struct run_import *m)
{
    m->active = true;
    m->ended = false;
    m->at = m->marks = m->handled = m->kept = m->outstanding = 0;
    error_clear(&m->error);
    work_start(&m->session->loop, &m->work, read_file, was_read);
}
