/* SPDX-License-Identifier: Apache-2.0 */
/* What former replicas have left open, whose journals cannot be asked: it is written into the journal here, where the
 * recovery finds it as if it were our own. So is a change of our own that has an end in the journal and none in the
 * rows: the lead was lost before it was known whether its intent was written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "loop/work.h"
#include "shared/row_line.h"
#include "shared/shared_parts.h"

struct adopt {
    struct work work;
    struct shared *of;
    int64_t *open_here; /* changes without an end in our own journal, in order */
    size_t count, cap;
    unsigned open; /* answers that are to come, and one for the beginning */
    const struct error *error;
    void (*done)(struct shared *s, const struct error *err);
};

struct adopted { /* a change whose row is being written */
    struct adopt *of;
    char whose[];
};

/* ---- numbers ---- */

void shared_taken_clear(struct shared_taken **list)
{
    struct shared_taken *t, *next;
    HASH_ITER(hh, *list, t, next)
    {
        HASH_DEL(*list, t);
        free(t);
    }
}

void shared_whose(const struct shared *s, int64_t id, struct buf *out)
{
    struct shared_taken *t = NULL;
    char number[LINE_NUMBER];
    HASH_FIND(hh, s->taken, &id, sizeof id, t);
    if (t)
        buf_puts(out, t->whose);
    else
        buf_printf(out, "%s-%s", s->replica, row_line_number(id, number));
}

int shared_taken_add(struct shared_taken **list, int64_t id, const char *whose, struct error *err)
{
    size_t n = strlen(whose) + 1;
    struct shared_taken *t = calloc(1, sizeof *t + n);
    if (!t)
        return error_nomem(err);
    t->id = id;
    memcpy(t->whose, whose, n);
    HASH_ADD(hh, *list, id, sizeof t->id, t);
    return 0;
}

/* ---- writing ---- */

static void one_less(struct adopt *a)
{
    if (--a->open)
        return;
    const struct error *err = a->error;
    a->done(a->of, err);
    error_keep(&a->error, NULL);
    free(a->open_here);
    free(a);
}

static void run_written(void *data, int64_t id, const struct error *err)
{
    struct adopt *a = data;
    (void)id;
    if (err)
        error_keep(&a->error, err);
    one_less(a);
}

static void change_written(void *data, int64_t id, const struct error *err)
{
    struct adopted *one = data;
    struct adopt *a = one->of;
    struct error nomem;
    if (!err && shared_taken_add(&a->of->taken, id, one->whose, &nomem))
        err = &nomem;
    if (err)
        error_keep(&a->error, err);
    free(one);
    one_less(a);
}

/* ---- the rows ---- */

/* Texts of a row's object, decoded one after the other into a buffer. */
struct texts {
    struct json object;
    struct buf all;
    size_t at[20];
    unsigned count;
};

static void want(struct texts *t, const char *key)
{
    struct json value = json_get(t->object, key);
    t->at[t->count] = json_exists(value) ? t->all.len + 1 : 0;
    if (json_exists(value)) {
        json_decode(value, &t->all);
        buf_putc(&t->all, '\0');
    }
    t->count++;
}

static const char *got(const struct texts *t, unsigned i)
{
    return t->at[i] && !t->all.failed ? t->all.ptr + t->at[i] - 1 : NULL;
}

static int64_t number(struct json object, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(object, key), &n);
    return n;
}

static bool no_memory(struct adopt *a)
{
    struct error err;
    error_nomem(&err);
    error_keep(&a->error, &err);
    return false;
}

static bool adopt_run(void *data, const struct shared_row *row)
{
    static const char *const keys[] = {"policy", "cluster", "trigger", "who", "file", "file_sha256", "traceparent"};
    struct adopt *a = data;
    struct journal *journal = store_journal(a->of->o.store);
    struct row_line_row line = row_line_read(row);
    struct texts t = {.object = line.elements[1]};
    char id[LINE_NUMBER];
    if (json_string_is(json_get(t.object, "replica"), str_of(a->of->replica)) ||
        json_string_at(line.elements[0], "", id, sizeof id))
        return true;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        want(&t, keys[i]);
    struct store_run run = {.id = strtoll(id, NULL, 10),
                            .policy = got(&t, 0),
                            .cluster = got(&t, 1),
                            .trigger = got(&t, 2),
                            .who = got(&t, 3),
                            .file = got(&t, 4),
                            .file_sha256 = got(&t, 5),
                            .traceparent = got(&t, 6),
                            .who_uid = number(t.object, "who_uid"),
                            .scheduled_at = number(t.object, "scheduled_at"),
                            .started_at = number(t.object, "started_at"),
                            .dry_run = number(t.object, "dry_run") != 0};
    bool failed = t.all.failed;
    if (!failed) {
        bool waits = number(t.object, "waiting") != 0;
        run.outcome = waits ? "waiting" : NULL;
        run.message = waits ? "taken over from another replica" : NULL;
        run.ended_at = waits ? clock_now(a->of->o.clock) : 0;
        a->open++;
        journal_run_adopt(journal, &run, run_written, a);
    }
    buf_free(&t.all);
    return failed ? no_memory(a) : true;
}

static int in_order(const void *key, const void *element)
{
    int64_t a = *(const int64_t *)key, b = *(const int64_t *)element;
    return a < b ? -1 : a > b;
}

/* whose: a change of this replica. If it is open here, the recovery looks it up without more. */
static bool is_open_here(const struct adopt *a, const char *whose)
{
    const char *dash = strrchr(whose, '-');
    int64_t id = strtoll(dash ? dash + 1 : whose, NULL, 10);
    return a->count && bsearch(&id, a->open_here, a->count, sizeof id, in_order);
}

/* By the address that this replica reaches it by. */
static const char *server_of(const struct shared *s, const char *told)
{
    return told && strcmp(told, SHARED_SERVER) == 0 ? kube_server(s->o.kube) : told;
}

static bool adopt_change(void *data, const struct shared_row *row)
{
    static const char *const keys[] = {"policy", "cluster", "server",           "version", "resource", "namespace",
                                       "name",   "uid",     "resource_version", "verb",    "diff",     "effect",
                                       "why",    "who",     "traceparent",      "frees"};
    struct adopt *a = data;
    struct row_line_row line = row_line_read(row);
    struct texts t = {.object = line.elements[1]};
    char whose[OBJECT_ID + LINE_NUMBER];
    if (json_string_at(line.elements[0], "", whose, sizeof whose) ||
        (json_string_is(json_get(t.object, "replica"), str_of(a->of->replica)) && is_open_here(a, whose)))
        return true;
    struct adopted *one = calloc(1, sizeof *one + sizeof whose);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        want(&t, keys[i]);
    bool failed = t.all.failed || !one;
    if (failed) {
        free(one);
    } else {
        struct store_intent intent = {.run = number(t.object, "run"),
                                      .epoch = number(t.object, "epoch"),
                                      .policy = got(&t, 0),
                                      .cluster = got(&t, 1),
                                      .server = server_of(a->of, got(&t, 2)),
                                      .version = got(&t, 3),
                                      .resource = got(&t, 4),
                                      .name_space = got(&t, 5),
                                      .name = got(&t, 6),
                                      .uid = got(&t, 7),
                                      .resource_version = got(&t, 8),
                                      .verb = got(&t, 9),
                                      .diff = got(&t, 10),
                                      .effect = got(&t, 11),
                                      .why = got(&t, 12),
                                      .who = got(&t, 13),
                                      .traceparent = got(&t, 14),
                                      .frees = got(&t, 15),
                                      .who_uid = number(t.object, "who_uid"),
                                      .intended_at = number(t.object, "intended_at")};
        one->of = a;
        memcpy(one->whose, whose, sizeof whose);
        a->open++;
        journal_intent(store_journal(a->of->o.store), &intent, change_written, one);
    }
    buf_free(&t.all);
    return failed ? no_memory(a) : true;
}

/* ---- the beginning ---- */

static bool add_open(void *data, const struct store_change *change)
{
    struct adopt *a = data;
    int64_t *open = grown(a->open_here, a->count, &a->cap, sizeof *open, 64);
    if (!open)
        return no_memory(a);
    a->open_here = open;
    a->open_here[a->count++] = change->id;
    return true;
}

/* On another thread. */
static void read_open(struct work *work)
{
    struct adopt *a = (struct adopt *)work;
    struct store_filter filter = {.in_flight = true, .oldest_first = true};
    struct error err;
    if (journal_read_changes(store_journal(a->of->o.store), &filter, add_open, a, &err))
        error_keep(&a->error, &err);
}

static void was_read(struct work *work)
{
    struct adopt *a = (struct adopt *)work;
    struct shared *s = a->of;
    if (!a->error) {
        rows_each(&s->rows, str_of("[\"r\","), adopt_run, a);
        rows_each(&s->rows, str_of("[\"i\","), adopt_change, a);
    }
    one_less(a);
}

void shared_adopt(struct shared *s, void (*done)(struct shared *s, const struct error *err))
{
    struct adopt *a = calloc(1, sizeof *a);
    if (!a) {
        struct error err;
        error_nomem(&err);
        done(s, &err);
        return;
    }
    *a = (struct adopt){.of = s, .open = 1, .done = done};
    shared_taken_clear(&s->taken);
    work_start(s->o.loop, &a->work, read_open, was_read);
}
