/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the rows, on any thread. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/texts.h"
#include "shared/row_line.h"
#include "shared/shared_parts.h"
#include "store/state.h"

static struct shared *of(struct state *state)
{
    return (struct shared *)state;
}

int shared_read_mark(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err)
{
    struct shared *s = of(state);
    struct buf text = BUF_INIT;
    *found = false;
    int rc = shared_readable(s, err);
    row_line_key(&text, LINE_MARK, key, NULL);
    if (!rc)
        rc = buf_result(&text, "a key", err);
    if (!rc) {
        uv_mutex_lock(&s->rows.lock);
        const struct shared_row *row = rows_find(&s->rows, buf_str(&text));
        *found = row && row_line_mark_at(row, scheduled_at);
        uv_mutex_unlock(&s->rows.lock);
    }
    buf_free(&text);
    return rc;
}

struct reading {
    struct shared *s;
    const char *key;
    struct buf uid, value, version;
    bool (*row)(void *, const struct store_handled *);
    bool (*uid_of)(void *, const char *);
    void *data;
    int64_t scheduled_at;
};

static const char *text(struct json value, struct buf *into)
{
    buf_reset(into);
    json_decode(value, into);
    return or_empty(into->ptr);
}

static bool give_handled(void *data, const struct shared_row *row)
{
    struct reading *r = data;
    struct row_line_row line = row_line_read(row);
    struct store_handled h = {.key = r->key,
                              .uid = text(line.elements[1], &r->uid),
                              .value = text(line.elements[2], &r->value),
                              .version = text(line.elements[3], &r->version)};
    json_int64(line.elements[4], &h.at);
    return !r->uid.failed && !r->value.failed && !r->version.failed && r->row(r->data, &h);
}

/* Of rows whose keys go on after these. */
static int each(struct shared *s, enum row_line_kind kind, const char *a, struct reading *r,
                bool (*row)(void *data, const struct shared_row *row), struct error *err)
{
    struct buf beginning = BUF_INIT;
    int rc = shared_readable(s, err);
    row_line_key(&beginning, kind, a, NULL);
    buf_putc(&beginning, ',');
    if (!rc)
        rc = buf_result(&beginning, "a key", err);
    if (!rc)
        rows_each(&s->rows, buf_str(&beginning), row, r);
    if (!rc && (r->uid.failed || r->value.failed || r->version.failed))
        rc = error_nomem(err);
    buf_free(&beginning);
    return rc;
}

static void reading_free(struct reading *r)
{
    buf_free(&r->uid);
    buf_free(&r->value);
    buf_free(&r->version);
}

int shared_read_handled(struct state *state, const char *key, bool (*row)(void *, const struct store_handled *),
                        void *data, struct error *err)
{
    struct reading r = {.key = key, .row = row, .data = data};
    int rc = each(of(state), LINE_HANDLED, key, &r, give_handled, err);
    reading_free(&r);
    return rc;
}

static bool give_changed(void *data, const struct shared_row *row)
{
    struct reading *r = data;
    const char *uid = text(row_line_read(row).elements[1], &r->uid);
    return !r->uid.failed && r->uid_of(r->data, uid);
}

/* A row of a run: whether it is one for that instant of that policy. */
static bool run_is_for(const struct shared_row *row, const char *key, int64_t scheduled_at, bool or_before)
{
    struct json run = row_line_read(row).elements[1];
    char policy[STATE_KEY_MAX], cluster[256], own[STATE_KEY_MAX];
    int64_t at = 0;
    json_string_at(run, "/policy", policy, sizeof policy);
    json_string_at(run, "/cluster", cluster, sizeof cluster);
    json_int64(json_get(run, "scheduled_at"), &at);
    return strcmp(state_key(policy, *cluster ? cluster : NULL, own), key) == 0 &&
           !json_exists(json_get(run, "waiting")) && (at == scheduled_at || (or_before && at < scheduled_at));
}

bool shared_add_run(void *data, const struct shared_row *row)
{
    struct shared_runs *r = data;
    char number[LINE_NUMBER];
    if (run_is_for(row, r->key, r->scheduled_at, r->or_before) &&
        json_string_at(row_line_read(row).elements[0], "", number, sizeof number) == 0)
        buf_add(&r->numbers, number, strlen(number) + 1);
    return true;
}

int shared_read_changed(struct state *state, const char *key, int64_t scheduled_at,
                        bool (*uid)(void *data, const char *uid), void *data, struct error *err)
{
    struct shared *s = of(state);
    struct shared_runs runs = {.key = key, .scheduled_at = scheduled_at};
    struct reading r = {.uid_of = uid, .data = data};
    int rc = shared_readable(s, err);
    if (!rc)
        rows_each(&s->rows, str_of("[\"r\","), shared_add_run, &runs);
    rc = rc ? rc : buf_result(&runs.numbers, "the runs", err);
    for (size_t at = 0; !rc && at < runs.numbers.len; at += strlen(runs.numbers.ptr + at) + 1)
        rc = each(s, LINE_CHANGED, runs.numbers.ptr + at, &r, give_changed, err);
    buf_free(&runs.numbers);
    reading_free(&r);
    return rc;
}

bool shared_run_is_open(struct state *state, int64_t run)
{
    struct shared *s = of(state);
    struct buf key = BUF_INIT;
    char number[LINE_NUMBER];
    row_line_key(&key, LINE_RUN, row_line_number(run, number), NULL);
    uv_mutex_lock(&s->rows.lock);
    const struct shared_row *row = key.failed ? NULL : rows_find(&s->rows, buf_str(&key));
    bool open = row && !json_exists(json_get(row_line_read(row).elements[1], "waiting"));
    uv_mutex_unlock(&s->rows.lock);
    buf_free(&key);
    return open;
}
