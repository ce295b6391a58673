/* SPDX-License-Identifier: Apache-2.0 */
/* What is durable of a job's state, see event_handled.h: between the rows and marks of the state and the jobs. */
#include "trigger/event_handled.h"
#include "trigger/event_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct event_row {
    UT_hash_handle hh;
    struct event_handled handled;
    char uid[];
};

static const char *baseline_key(const struct event_trigger *t, unsigned kind, const struct event_scope *scope,
                                char out[EVENT_MARK_MAX])
{
    return event_baseline_key(t->key, kind, event_kind_of_marks(t), scope != NULL, scope ? scope->name_space : NULL,
                              out);
}

#define BASED EVENT_BASED
#define KEPT_WARM (7 * 86400 * CLOCK_SECOND) /* the row of a job that is not known */

/* ---- reading, on another thread ---- */

struct reading {
    struct event_trigger *t;
    struct error error;
};

static bool add_row(void *data, const struct store_handled *h)
{
    struct reading *r = data;
    size_t n = strlen(h->uid);
    struct event_row *row = calloc(1, sizeof *row + n + 1);
    if (!row) {
        error_nomem(&r->error);
        return false;
    }
    memcpy(row->uid, h->uid, n);
    row->handled = event_handled_of(h);
    HASH_ADD_KEYPTR(hh, r->t->rows, row->uid, n, row);
    if (row->hh.tbl)
        return true;
    free(row);
    error_nomem(&r->error);
    return false;
}

/* scope NULL: those of all scopes. 0 or an error. */
static int read_baseline(struct event_trigger *t, const struct event_scope *scope, uint8_t *kinds, struct error *err)
{
    char key[EVENT_MARK_MAX];
    int rc = 0;
    *kinds = 0;
    for (unsigned kind = 1; kind < 1U << ON_EVENTS && !rc; kind <<= 1) {
        int64_t at_us;
        bool found = false;
        if (BASED & kind)
            rc = state_read_mark(t->site->state, baseline_key(t, kind, scope, key), &at_us, &found, err);
        *kinds |= (uint8_t)(found ? kind : 0);
    }
    return rc;
}

void event_rows_read(struct event_trigger *t)
{
    struct state *state = t->site->state;
    struct reading r = {.t = t};
    int rc = read_baseline(t, NULL, &t->baseline, &r.error);
    t->baseline |= ON_MATCH;
    for (size_t i = 0; i < t->scope_count && !rc; i++) {
        struct event_scope *scope = &t->scopes[i];
        rc = read_baseline(t, scope, &scope->marked, &r.error);
        scope->baseline = t->baseline | scope->marked;
    }
    if (!rc)
        rc = event_epoch_read(state, t->key, &t->epoch, &r.error);
    if (!rc)
        state_read_handled(state, t->key, add_row, &r, &r.error);
    error_keep(&t->unread, &r.error);
}

void event_rows_free(struct event_trigger *t)
{
    struct event_row *row, *next;
    HASH_ITER(hh, t->rows, row, next)
    {
        HASH_DEL(t->rows, row);
        free(row);
    }
}

bool event_rows_have(const struct event_trigger *t, const char *uid)
{
    struct event_row *row = NULL;
    if (t->rows)
        HASH_FIND(hh, t->rows, uid, strlen(uid), row);
    return row != NULL;
}

size_t event_rows_handled(const struct event_trigger *t)
{
    size_t count = 0;
    for (const struct event_row *row = t->rows; row; row = row->hh.next)
        count += event_handled_counts(&row->handled, t->entry.policy, t->epoch.generation);
    return count;
}

/* ---- between the rows and the jobs ---- */

void event_rows_adopt(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view)
{
    struct job_state *j = &t->jobs[slot];
    struct event_row *row = NULL;
    j->flags |= JOB_IS_SEEN;
    if (t->rows)
        HASH_FIND(hh, t->rows, view->uid.ptr, view->uid.len, row);
    if (!row)
        return;
    j->flags |= JOB_HAS_ROW;
    event_handled_as_of(&row->handled, t->epoch.generation);
    for (unsigned kind = 1; kind < 1U << ON_EVENTS; kind <<= 1) {
        if (row->handled.done & t->entry.policy->on & kind)
            job_find(j, kind, FOUND_ROW);
        if (row->handled.since_start & kind)
            j->flags |= job_since_start(kind);
    }
    if (t->since_us)
        t->since_us[slot] = row->handled.since_us;
    if (t->waits)
        t->waits[slot].kept = row->handled.wait;
    if (t->version)
        t->version[slot] = row->handled.version;
    HASH_DEL(t->rows, row);
    free(row);
}

void event_rows_forget_instants(struct event_trigger *t)
{
    for (struct event_row *row = t->rows; row; row = row->hh.next) {
        row->handled.since_us = MPIJOB_NO_TIME;
        event_handled_forget_wait(&row->handled);
    }
    event_wait_forget_all(t);
    for (uint32_t slot = 0; t->since_us && slot < t->slots; slot++) {
        if (job_handling(&t->jobs[slot], ON_MATCH) == HANDLING_DONE)
            t->since_us[slot] = MPIJOB_NO_TIME;
    }
}

void event_rows_forget_gone(struct event_trigger *t)
{
    struct event_row *row, *next;
    if (!event_siblings_known(t))
        return; /* the last of them does it */
    /* Jobs that were kept while another daemon acted may be behind: one that is not among them may be there, and be
     * handled by that daemon. Its row stays, until it comes or the row is old. */
    int64_t until = t->site->warm ? clock_now(t->site->clock) - KEPT_WARM : INT64_MAX;
    HASH_ITER(hh, t->rows, row, next)
    {
        if (row->handled.at < until && event_siblings_miss(t, row->uid))
            event_row_remove(t, str_of(row->uid));
    }
    if (t->site->warm)
        return;
    event_rows_free(t);
    event_siblings_forget_rows(t);
}

/* The marks for the kinds that are wanted are set, and those for others removed: when the policy asks for these again,
 * they begin again. */
static void move_marks(struct event_trigger *t, const struct event_scope *scope, unsigned had, unsigned wanted)
{
    struct state *state = t->site->state;
    char key[EVENT_MARK_MAX];
    for (unsigned kind = 1; state && kind < 1U << ON_EVENTS; kind <<= 1) {
        if ((wanted & kind) && !(had & kind))
            state_set_mark(state, baseline_key(t, kind, scope, key), clock_now(t->site->clock), NULL, NULL);
        else if (!(wanted & kind) && (had & kind))
            state_remove_mark(state, baseline_key(t, kind, scope, key), NULL, NULL);
    }
}

void event_rows_begin_baseline(struct event_trigger *t)
{
    unsigned wanted = t->entry.policy->on & BASED, had = t->baseline & BASED;
    bool all = event_scopes_known(t);
    move_marks(t, NULL, had, all ? wanted : had & wanted);
    t->baseline = (uint8_t)((all ? wanted : had & wanted) | ON_MATCH);
    for (size_t i = 0; i < t->scope_count; i++) {
        struct event_scope *scope = &t->scopes[i];
        unsigned own = all ? 0 : scope->state == SCOPE_KNOWN ? wanted & ~t->baseline : scope->marked & wanted;
        move_marks(t, scope, scope->marked, own);
        scope->marked = (uint8_t)own;
        scope->baseline = t->baseline | scope->marked;
    }
}

/* ---- writing ---- */

void event_row_value(const struct event_trigger *t, uint32_t slot, struct buf *out)
{
    const struct job_state *j = &t->jobs[slot];
    unsigned handled = job_kinds_of_row(j);
    if (t->waits && t->waits[slot].tells) /* the run that has it only warns */
        handled &= ~(unsigned)ON_MATCH;
    size_t begin = out->len;
    if (t->epoch.generation)
        buf_printf(out, "g%" PRId64, t->epoch.generation);
    size_t head = out->len;
    if (handled & ON_ADDED)
        buf_puts(out, j->flags & job_since_start(ON_ADDED) ? "a+" : "a");
    if (handled & ON_FINISHED)
        buf_puts(out, j->flags & job_since_start(ON_FINISHED) ? "f+" : "f");
    if (t->version && t->version[slot]) /* which change it was, the version says */
        buf_puts(out, j->flags & job_since_start(ON_CHANGED) ? "c+" : "c");
    if (!(handled & ON_MATCH)) {
        event_wait_value(t, slot, out);
        if (out->len == head && !out->failed && out->len > begin) /* nothing is handled */
            out->ptr[out->len = begin] = '\0';
        return;
    }
    buf_putc(out, 'm');
    if (t->since_us && t->since_us[slot] != MPIJOB_NO_TIME)
        buf_printf(out, "%" PRId64, t->since_us[slot]);
    if (job_on_run(j)) /* for event_handled_not_done */
        event_wait_value(t, slot, out);
}

void event_row_remove(struct event_trigger *t, struct str uid)
{
    struct state *state = t->site->state;
    char *text = state ? str_dup(uid) : NULL;
    if (text) /* without memory it is removed at the next start */
        state_set_handled(state, &(struct store_handled){.key = t->key, .uid = text}, NULL, NULL);
    free(text);
}

void event_row_write(struct event_trigger *t, uint32_t slot, struct str uid)
{
    struct job_state *j = &t->jobs[slot];
    struct state *state = t->site->state;
    struct buf value = BUF_INIT;
    char version[32] = "";
    if (!state)
        return;
    event_row_value(t, slot, &value);
    if (!value.len && !value.failed) {
        if (j->flags & JOB_HAS_ROW)
            event_row_remove(t, uid);
        j->flags &= (uint8_t)~JOB_HAS_ROW;
        buf_free(&value);
        return;
    }
    uint64_t v = t->version ? t->version[slot] : 0;
    if (v)
        snprintf(version, sizeof version, v >> 63 ? "#%" PRIx64 : "%" PRIu64, v);
    char *text = str_dup(uid);
    if (text && !value.failed) {
        state_set_handled(state, &(struct store_handled){t->key, text, value.ptr, version, clock_now(t->site->clock)},
                          NULL, NULL);
        j->flags |= JOB_HAS_ROW;
    }
    free(text);
    buf_free(&value);
}
