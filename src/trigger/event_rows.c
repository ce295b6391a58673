/* What of a job's state is durable: a row a policy and job, "afm1790000000000000" for added, finished, and matching
 * since; with the version that was handled or let pass. A row's absence says that nothing was handled. */
#include "trigger/event_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct event_row {
    UT_hash_handle hh;
    int64_t since;
    uint64_t version;
    uint8_t done;
    char uid[];
};

/* An event's baseline: "NAME#added". What was there before it was set is not for the policy. */
static const char *baseline_key(const struct event_trigger *t, unsigned event, char out[STATE_KEY_MAX + 16])
{
    snprintf(out, STATE_KEY_MAX + 16, "%s#%s", t->key, policy_on_name(event));
    return out;
}

#define BASED (ON_ADDED | ON_FINISHED | ON_CHANGED) /* what matches already is handled at the first start, too */

/* ---- reading, on another thread ---- */

static uint64_t version_of_row(const char *text)
{
    return text[0] == '#' ? strtoull(text + 1, NULL, 16) : *text ? kube_version(str_of(text)) : 0;
}

static bool add_row(void *data, const struct store_handled *h)
{
    struct event_trigger *t = data;
    size_t n = strlen(h->uid);
    struct event_row *row = calloc(1, sizeof *row + n + 1);
    if (!row) {
        t->rc = error_nomem(&t->error);
        return false;
    }
    memcpy(row->uid, h->uid, n);
    row->since = MPIJOB_NO_TIME;
    row->version = version_of_row(h->version);
    for (const char *p = h->value; *p; p++) {
        row->done |= (uint8_t)(*p == 'a' ? ON_ADDED : *p == 'f' ? ON_FINISHED : *p == 'm' ? ON_MATCH : 0);
        if (*p == 'm' && p[1])
            row->since = strtoll(p + 1, NULL, 10);
    }
    HASH_ADD_KEYPTR(hh, t->rows, row->uid, n, row);
    if (row->hh.tbl)
        return true;
    free(row);
    t->rc = error_nomem(&t->error);
    return false;
}

void event_rows_read(struct event_trigger *t)
{
    struct state *state = t->site->state;
    char key[STATE_KEY_MAX + 16];
    t->rc = 0;
    t->baseline = ON_MATCH;
    for (unsigned event = 1; event < 1U << ON_EVENTS && !t->rc; event <<= 1) {
        int64_t at;
        bool found = false;
        t->rc = state_read_mark(state, baseline_key(t, event, key), &at, &found, &t->error);
        t->baseline |= (uint8_t)(found ? event : 0);
    }
    if (!t->rc) {
        int rc = state_read_handled(state, t->key, add_row, t, &t->error);
        t->rc = rc ? rc : t->rc;
    }
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

/* ---- between the rows and the jobs ---- */

void event_rows_adopt(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view)
{
    struct event_job *j = &t->jobs[slot];
    struct event_row *row = NULL;
    j->flags |= ON_SEEN;
    if (t->rows)
        HASH_FIND(hh, t->rows, view->uid.ptr, view->uid.len, row);
    if (!row)
        return;
    j->flags |= ON_ROW;
    j->done = row->done & (uint8_t)t->entry.policy->on;
    if (t->since)
        t->since[slot] = row->since;
    if (t->version)
        t->version[slot] = row->version;
    HASH_DEL(t->rows, row);
    free(row);
}

void event_rows_forget_gone(struct event_trigger *t)
{
    struct event_row *row, *next;
    HASH_ITER(hh, t->rows, row, next)
    {
        event_row_remove(t, str_of(row->uid));
    }
    event_rows_free(t);
}

void event_rows_begin_baseline(struct event_trigger *t)
{
    struct state *state = t->site->state;
    char key[STATE_KEY_MAX + 16];
    unsigned wanted = t->entry.policy->on & BASED, had = t->baseline & BASED;
    for (unsigned event = 1; state && event < 1U << ON_EVENTS; event <<= 1) {
        if ((wanted & event) && !(had & event))
            state_set_mark(state, baseline_key(t, event, key), clock_now(t->site->clock), NULL, NULL);
        else if (!(wanted & event) && (had & event)) /* asked for again one day, it begins then */
            state_remove_mark(state, baseline_key(t, event, key), NULL, NULL);
    }
    t->baseline = (uint8_t)(wanted | ON_MATCH);
}

/* ---- writing ---- */

void event_row_value(const struct event_trigger *t, uint32_t slot, struct buf *out)
{
    const struct event_job *j = &t->jobs[slot];
    unsigned handled = j->done & ~(unsigned)j->pending & ~(unsigned)j->passing;
    handled |= j->given; /* asked for with the intent: as it will be */
    if (handled & ON_ADDED)
        buf_putc(out, 'a');
    if (handled & ON_FINISHED)
        buf_putc(out, 'f');
    if (t->version && t->version[slot])
        buf_putc(out, 'c'); /* the version says what it has seen */
    if (!(handled & ON_MATCH))
        return;
    buf_putc(out, 'm');
    if (t->since && t->since[slot] != MPIJOB_NO_TIME)
        buf_printf(out, "%" PRId64, t->since[slot]);
}

void event_row_remove(struct event_trigger *t, struct str uid)
{
    struct state *state = t->site->state;
    char *text = state ? str_dup(uid) : NULL;
    if (text) /* what is left over is removed at the next start */
        state_set_handled(state, &(struct store_handled){.key = t->key, .uid = text}, NULL, NULL);
    free(text);
}

void event_row_write(struct event_trigger *t, uint32_t slot, struct str uid)
{
    struct event_job *j = &t->jobs[slot];
    struct state *state = t->site->state;
    struct buf value = BUF_INIT;
    char version[32] = "";
    if (!state)
        return;
    event_row_value(t, slot, &value);
    if (!value.len) {
        if (j->flags & ON_ROW)
            event_row_remove(t, uid);
        j->flags &= (uint8_t)~ON_ROW;
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
        j->flags |= ON_ROW;
    }
    free(text);
    buf_free(&value);
}
