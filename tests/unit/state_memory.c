/* SPDX-License-Identifier: Apache-2.0 */
/* The state in memory: shows what a form owes that has no transaction with the journal. */
#include "state_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum what { MARK, UNMARK, HANDLED, SYNC, RUN_BEGIN, INTENT, OUTCOME };

struct step {
    struct memory_state *of;
    enum what what;
    char key[STATE_KEY_MAX]; /* of a mark; "": none */
    int64_t scheduled_at;
    struct store_run run;
    struct store_intent intent;
    struct store_outcome outcome;
    struct store_handled handled; /* key NULL: none */
    store_done done;
    void *data;
    struct step *prev, *next;
};

struct memory_state {
    struct state base;
    struct memory_tables *tables;
    struct journal *journal;
    struct step *steps; /* the first is under way once the timer has come */
    uv_timer_t timer;
};

static struct memory_state *of(struct state *state)
{
    return (struct memory_state *)state;
}

/* ---- the tables ---- */

static void write_mark(struct memory_tables *t, const char *key, int64_t scheduled_at, bool later, bool remove)
{
    int at = -1;
    for (int i = MEMORY_ROWS - 1; i >= 0; i--) {
        bool same = strcmp(t->marks[i].key, key) == 0;
        if (same || (at < 0 && !*t->marks[i].key))
            at = i;
        if (same)
            break;
    }
    if (at < 0)
        abort();
    if (*t->marks[at].key && later && t->marks[at].scheduled_at > scheduled_at)
        return;
    snprintf(t->marks[at].key, sizeof t->marks[at].key, "%s", remove ? "" : key);
    t->marks[at].scheduled_at = scheduled_at;
}

static void copy(char *to, const char *from)
{
    snprintf(to, 64, "%s", from ? from : "");
}

static void write_handled(struct memory_tables *t, const struct store_handled *h)
{
    int at = -1;
    for (int i = MEMORY_ROWS - 1; h->key && i >= 0; i--) {
        bool same = strcmp(t->handled[i].key, h->key) == 0 && strcmp(t->handled[i].uid, h->uid) == 0;
        if (same || (at < 0 && !*t->handled[i].key))
            at = i;
        if (same)
            break;
    }
    if (!h->key)
        return;
    if (at < 0)
        abort();
    snprintf(t->handled[at].key, sizeof t->handled[at].key, "%s", h->value ? h->key : "");
    copy(t->handled[at].uid, h->uid);
    copy(t->handled[at].value, h->value);
    copy(t->handled[at].version, h->version);
}

static int read_mark(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err)
{
    const struct memory_tables *t = of(state)->tables;
    (void)err;
    *found = false;
    for (int i = 0; i < MEMORY_ROWS && !*found; i++) {
        *found = strcmp(t->marks[i].key, key) == 0;
        if (*found)
            *scheduled_at = t->marks[i].scheduled_at;
    }
    return 0;
}

static int read_handled(struct state *state, const char *key, bool (*row)(void *, const struct store_handled *),
                        void *data, struct error *err)
{
    const struct memory_tables *t = of(state)->tables;
    (void)err;
    for (int i = 0; i < MEMORY_ROWS; i++) {
        struct store_handled h = {t->handled[i].key, t->handled[i].uid, t->handled[i].value, t->handled[i].version, 0};
        if (strcmp(h.key, key) == 0 && !row(data, &h))
            break;
    }
    return 0;
}

/* ---- one step after the other ---- */

static void next_step(uv_timer_t *timer);

static void end_step(struct step *step, int64_t id, const struct error *err)
{
    struct memory_state *m = step->of;
    store_done done = step->done;
    void *data = step->data;
    DL_DELETE(m->steps, step);
    free(step);
    if (m->steps)
        uv_timer_start(&m->timer, next_step, 0, 0);
    if (done)
        done(data, id, err);
}

/* The journal's row is there: now the own one. */
static void begun(void *data, int64_t id, const struct error *err)
{
    struct step *step = data;
    if (!err && *step->key)
        write_mark(step->of->tables, step->key, step->run.scheduled_at, true, false);
    if (!err)
        write_handled(step->of->tables, &step->handled);
    end_step(step, id, err);
}

static void ended(void *data, int64_t id, const struct error *err)
{
    end_step(data, id, err);
}

static void next_step(uv_timer_t *timer)
{
    struct memory_state *m = timer->data;
    struct step *s = m->steps;
    switch (s->what) {
    case RUN_BEGIN:
        journal_run_begin(m->journal, &s->run, begun, s);
        return;
    case INTENT:
        journal_intent(m->journal, &s->intent, begun, s);
        return;
    case OUTCOME:
        write_handled(m->tables, &s->handled);
        journal_outcome(m->journal, &s->outcome, ended, s);
        return;
    case MARK:
    case UNMARK:
        write_mark(m->tables, s->key, s->scheduled_at, false, s->what == UNMARK);
        break;
    case HANDLED:
        write_handled(m->tables, &s->handled);
        break;
    case SYNC:
        break;
    }
    end_step(s, 0, NULL);
}

static struct step *add(struct state *state, enum what what, store_done done, void *data)
{
    struct memory_state *m = of(state);
    struct step *step = calloc(1, sizeof *step);
    if (!step)
        abort();
    step->of = m;
    step->what = what;
    step->done = done;
    step->data = data;
    if (!m->steps)
        uv_timer_start(&m->timer, next_step, 0, 0);
    DL_APPEND(m->steps, step);
    return step;
}

static void set_mark(struct state *state, const char *key, int64_t scheduled_at, store_done done, void *data)
{
    struct step *step = add(state, MARK, done, data);
    snprintf(step->key, sizeof step->key, "%s", key);
    step->scheduled_at = scheduled_at;
}

static void remove_mark(struct state *state, const char *key, store_done done, void *data)
{
    struct step *step = add(state, UNMARK, done, data);
    snprintf(step->key, sizeof step->key, "%s", key);
}

static void set_handled(struct state *state, const struct store_handled *row, store_done done, void *data)
{
    add(state, HANDLED, done, data)->handled = *row;
}

static void sync_state(struct state *state, store_done done, void *data)
{
    add(state, SYNC, done, data);
}

static void run_begin(struct state *state, const struct store_run *run, const char *mark, store_done done, void *data)
{
    struct step *step = add(state, RUN_BEGIN, done, data);
    step->run = *run;
    snprintf(step->key, sizeof step->key, "%s", mark ? mark : "");
}

static void intent(struct state *state, const struct store_intent *intent, const struct store_handled *handled,
                   store_done done, void *data)
{
    struct step *step = add(state, INTENT, done, data);
    step->intent = *intent;
    if (handled)
        step->handled = *handled;
}

static void outcome(struct state *state, const struct store_outcome *outcome, const struct store_handled *handled,
                    store_done done, void *data)
{
    struct step *step = add(state, OUTCOME, done, data);
    step->outcome = *outcome;
    if (handled)
        step->handled = *handled;
}

static void observed(struct state *state, const struct store_observation *observation, store_done done, void *data)
{
    journal_observed(((struct memory_state *)state)->journal, observation, done, data);
}

static int read_changed(struct state *state, const char *key, int64_t scheduled_at,
                        bool (*uid)(void *data, const char *uid), void *data, struct error *err)
{
    (void)state, (void)key, (void)scheduled_at, (void)uid, (void)data, (void)err;
    return 0;
}

static bool change_is_open(struct state *state, const struct state_begun *change)
{
    (void)state, (void)change;
    return true;
}

/* It has no texts. */
static void keep(struct state *state, const struct store_kept *row, bool soon, store_done done, void *data)
{
    (void)row, (void)soon;
    add(state, SYNC, done, data);
}

static int read_kept(struct state *state, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *data, struct error *err)
{
    (void)state, (void)space, (void)row, (void)data, (void)err;
    return 0;
}

static bool run_is_open(struct state *state, int64_t run)
{
    (void)state, (void)run;
    return true;
}

static void run_end(struct state *state, const struct store_run *run, bool soon, store_done done, void *data)
{
    (void)soon;
    journal_run_end(of(state)->journal, run, done, data);
}

static const struct state_ops ops = {.read_mark = read_mark,
                                     .read_handled = read_handled,
                                     .read_changed = read_changed,
                                     .run_is_open = run_is_open,
                                     .change_is_open = change_is_open,
                                     .set_mark = set_mark,
                                     .remove_mark = remove_mark,
                                     .set_handled = set_handled,
                                     .keep = keep,
                                     .read_kept = read_kept,
                                     .sync = sync_state,
                                     .run_begin = run_begin,
                                     .run_end = run_end,
                                     .intent = intent,
                                     .outcome = outcome,
                                     .observed = observed};

struct state *memory_state_open(uv_loop_t *loop, struct memory_tables *tables, struct journal *journal)
{
    struct memory_state *m = calloc(1, sizeof *m);
    if (!m || uv_timer_init(loop, &m->timer))
        abort();
    m->base = (struct state){&ops, ++tables->epoch};
    m->tables = tables;
    m->journal = journal;
    m->timer.data = m;
    return &m->base;
}

static void closed(uv_handle_t *timer)
{
    free(timer->data);
}

void memory_state_close(struct state *state)
{
    uv_close((uv_handle_t *)&of(state)->timer, closed);
}
