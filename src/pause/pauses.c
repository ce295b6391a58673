/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses as rows of the state. */
#include "pause/pauses.h"

#include <stdio.h>
#include <string.h>

#include "store/kept.h"
#include "json/write.h"

#define SPACE PAUSES_SPACE

struct reading {
    struct paused *paused;
    struct error *err;
    int rc;
};

void pauses_mark_read(const char *policy, const char *value, struct paused_mark *mark)
{
    struct json root;
    *mark = (struct paused_mark){0};
    if (json_parse(str_of(value), "a pause", &root, NULL)) /* written by hand: it is one all the same */
        root = (struct json){0};
    snprintf(mark->policy, sizeof mark->policy, "%s", policy);
    json_string_at(root, "/user", mark->who, sizeof mark->who);
    json_int64(json_get(root, "uid"), &mark->uid);
    json_int64(json_get(root, "at"), &mark->at);
    json_string_at(root, "/why", mark->why, sizeof mark->why);
}

static bool read_row(void *data, const struct store_kept *row)
{
    struct reading *r = data;
    struct paused_mark mark;
    pauses_mark_read(row->key, row->value, &mark);
    r->rc = paused_add(r->paused, &mark, r->err);
    return r->rc == 0;
}

int pauses_read(struct store *store, struct paused *paused, struct error *err)
{
    struct reading r = {.paused = paused, .err = err};
    int rc = store_read_kept(store, SPACE, read_row, &r, err);
    return rc ? rc : r.rc;
}

void pauses_mark_write(const struct paused_mark *mark, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "user");
    json_write_string(&w, mark->who);
    json_write_key(&w, "uid");
    json_write_int(&w, mark->uid);
    json_write_key(&w, "at");
    json_write_int(&w, mark->at);
    if (*mark->why) {
        json_write_key(&w, "why");
        json_write_string(&w, mark->why);
    }
    json_write_end(&w);
}

void pauses_keep(struct store *store, const struct paused_mark *mark, store_done done, void *data)
{
    struct buf text = BUF_INIT;
    pauses_mark_write(mark, &text);
    /* Without memory the row lacks what is only told. */
    struct store_kept row = {.space = SPACE, .key = mark->policy, .value = text.failed ? "{}" : text.ptr};
    store_keep(store, &row, done, data);
    buf_free(&text);
}

void pauses_forget(struct store *store, const char *policy, store_done done, void *data)
{
    struct store_kept row = {.space = SPACE, .key = policy};
    store_keep(store, &row, done, data);
}
