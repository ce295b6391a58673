/* SPDX-License-Identifier: Apache-2.0 */
/* From a job to its row. */
#include "inventory/job_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mpijob/held_gpus.h"
#include "json/write.h"

int64_t job_row_held(const struct mpijob_view *v)
{
    struct mpijob_held_gpus held;
    return mpijob_holds_gpus(v, NULL, &held) ? held.gpus : -1;
}

int64_t job_row_key(enum jobs_order order, const struct mpijob_view *v)
{
    bool unread;
    switch (order) {
    case JOBS_BY_CREATED:
        return v->created == MPIJOB_NO_TIME ? INT64_MAX : -v->created;
    case JOBS_BY_FINISHED:
        return v->finished == MPIJOB_NO_TIME ? INT64_MAX : -v->finished;
    case JOBS_BY_GPUS:
        return -mpijob_view_gpus(v, &unread);
    case JOBS_BY_HELD:
        return -job_row_held(v);
    case JOBS_BY_PHASE:
        return (int64_t)v->phase;
    case JOBS_BY_NAME:
        break;
    }
    return 0;
}

int job_row_compare(const struct job_row *a, const struct job_row *b)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    int by = strcmp(a->space, b->space);
    by = by ? by : strcmp(a->name, b->name);
    return by ? by : strcmp(a->cluster, b->cluster);
}

/* ---- what is told ---- */

static void write_time(struct json_writer *w, const char *key, int64_t us)
{
    char text[32];
    bool is = us != MPIJOB_NO_TIME;
    if (is)
        clock_format(us, false, text);
    json_write_key(w, key);
    json_write_string(w, is ? text : NULL);
}

static void write_text(struct json_writer *w, const char *key, struct str text)
{
    json_write_key(w, key);
    json_write_str(w, text);
}

static void write_number(struct json_writer *w, const char *key, int64_t n)
{
    json_write_key(w, key);
    if (n < 0)
        json_write_null(w);
    else
        json_write_int(w, n);
}

static void tell(struct buf *out, const char *cluster, const struct mpijob_view *v)
{
    struct json policy = mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target);
    struct json_writer w;
    bool unread;
    json_writer_init(&w, out);
    json_write_object(&w);
    write_text(&w, "cluster", str_of(cluster));
    write_text(&w, "namespace", v->name_space);
    write_text(&w, "name", v->name);
    write_text(&w, "uid", v->uid);
    write_text(&w, "phase", str_of(mpijob_phase_name(v->phase)));
    json_write_key(&w, "deleting");
    json_write_bool(&w, v->deleting);
    json_write_key(&w, "cleanPodPolicy");
    if (json_type(policy) == JSON_STRING)
        json_write_raw(&w, policy);
    else
        json_write_null(&w);
    write_number(&w, "gpus", mpijob_view_gpus(v, &unread));
    write_number(&w, "held", job_row_held(v));
    write_time(&w, "created", v->created);
    write_time(&w, "started", v->started);
    write_time(&w, "finished", v->finished);
    json_write_end(&w);
}

/* ---- its memory ---- */

static struct job_row *make(int64_t key, const char *cluster, struct str space, struct str name, struct str told)
{
    size_t n = strlen(cluster) + 1, at = 0;
    struct job_row *row = malloc(sizeof *row + n + space.len + 1 + name.len + 1 + told.len);
    if (!row)
        return NULL;
    row->key = key;
    row->cluster = memcpy(row->memory, cluster, n);
    at += n;
    row->space = memcpy(row->memory + at, space.len ? space.ptr : "", space.len);
    row->memory[at + space.len] = '\0';
    at += space.len + 1;
    row->name = memcpy(row->memory + at, name.len ? name.ptr : "", name.len);
    row->memory[at + name.len] = '\0';
    at += name.len + 1;
    row->told = (struct str){row->memory + at, told.len};
    if (told.len)
        memcpy(row->memory + at, told.ptr, told.len);
    return row;
}

struct job_row *job_row_new(int64_t key, const char *cluster, const struct mpijob_view *v)
{
    struct buf told = BUF_INIT;
    tell(&told, cluster, v);
    struct job_row *row = told.failed ? NULL : make(key, cluster, v->name_space, v->name, buf_str(&told));
    buf_free(&told);
    return row;
}

struct job_row *job_row_place(int64_t key, const char *cluster, struct str space, struct str name)
{
    return make(key, cluster, space, name, (struct str){0});
}
