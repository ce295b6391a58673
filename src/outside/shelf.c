/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's shelf: its items in memory, its reading, its writes. */
#include "outside/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "loop/work.h"
#include "outside/outside_parts.h"
#include "store/kept.h"

struct item {
    UT_hash_handle hh;
    char *value; /* NULL: removed, and its write is under way */
    int64_t expires_at;
    uint64_t number; /* of the last write */
    char key[];
};

struct shelf {
    struct outside *outside;
    struct shelf *next;
    struct item *items;
    size_t count, bytes;
    uint64_t writes;
    bool read, stale; /* stale: what is being read does not count any more */
    struct reading *reading;
    struct shelf_wait *waiting; /* for the reading */
    char space[96];
};

/* ---- items ---- */

static struct item *find(struct shelf *s, const char *key)
{
    struct item *item;
    HASH_FIND_STR(s->items, key, item);
    return item;
}

static void count_item(struct shelf *s, const struct item *item, bool in)
{
    size_t bytes = strlen(item->key) + (item->value ? strlen(item->value) : 0);
    if (!item->value)
        return;
    s->count += in ? 1 : (size_t)-1;
    s->bytes += in ? bytes : (size_t)0 - bytes;
}

static struct item *make_item(struct shelf *s, const char *key)
{
    size_t n = strlen(key);
    struct item *item = calloc(1, sizeof *item + n + 1);
    if (!item)
        return NULL;
    memcpy(item->key, key, n);
    HASH_ADD_STR(s->items, key, item);
    if (item->hh.tbl)
        return item;
    free(item);
    return NULL;
}

static void drop(struct shelf *s, struct item *item)
{
    HASH_DEL(s->items, item);
    free(item->value);
    free(item);
}

/* value is the item's from now on. */
static void set_value(struct shelf *s, struct item *item, char *value, int64_t expires_at)
{
    count_item(s, item, false);
    free(item->value);
    item->value = value;
    item->expires_at = expires_at;
    count_item(s, item, true);
}

static bool expired(const struct shelf *s, const struct item *item)
{
    return item->expires_at && item->expires_at <= clock_now(s->outside->clock);
}

/* ---- reading ---- */

struct reading {
    struct work work;
    struct shelf *shelf;
    struct item_read {
        struct item_read *next;
        int64_t expires_at;
        char *key, *value;
    } * rows;
    bool nomem;
    struct error err; /* code 0: none */
};

static bool take_row(void *data, const struct store_kept *row)
{
    struct reading *r = data;
    struct item_read *it = calloc(1, sizeof *it);
    if (it) {
        it->key = str_dup(str_of(row->key));
        it->value = str_dup(str_of(row->value));
        it->expires_at = row->expires_at;
        LL_PREPEND(r->rows, it);
    }
    r->nomem = !it || !it->key || !it->value;
    return !r->nomem;
}

static void on_thread(struct work *work)
{
    struct reading *r = (struct reading *)((char *)work - offsetof(struct reading, work));
    store_read_kept(r->shelf->outside->config.store, r->shelf->space, take_row, r, &r->err);
    if (r->nomem)
        error_nomem(&r->err);
}

static void take_over(struct shelf *s, struct reading *r)
{
    struct item_read *it, *next;
    LL_FOREACH_SAFE(r->rows, it, next)
    {
        struct item *item = r->err.code ? NULL : make_item(s, it->key);
        if (item) {
            set_value(s, item, it->value, it->expires_at);
            it->value = NULL;
        } else if (!r->err.code) {
            error_nomem(&r->err);
        }
        free(it->key);
        free(it->value);
        free(it);
    }
}

static void was_read(struct work *work)
{
    struct reading *r = (struct reading *)((char *)work - offsetof(struct reading, work));
    struct shelf *s = r->shelf;
    struct outside *o = s->outside;
    if (s->stale && !r->err.code)
        error_set(&r->err, ERR_CANCELLED, "what the policy keeps is another replica's now");
    s->stale = false;
    take_over(s, r);
    s->read = !r->err.code;
    s->reading = NULL;
    struct shelf_wait *waiting = s->waiting, *wait, *next;
    s->waiting = NULL;
    LL_FOREACH_SAFE(waiting, wait, next)
    {
        wait->err = r->err;
        wait->done(wait);
    }
    free(r);
    outside_was_closed(o);
}

bool shelf_ready(struct shelf *s, struct shelf_wait *wait)
{
    if (s->read || !s->outside->config.store)
        return true;
    if (!s->reading) {
        s->reading = calloc(1, sizeof *s->reading);
        if (s->reading) {
            s->reading->shelf = s;
            outside_opened(s->outside);
            work_start(s->outside->loop, &s->reading->work, on_thread, was_read);
        }
    }
    if (!s->reading)
        return true; /* out of memory: as if it were empty would be wrong, so shelf_put fails too */
    LL_APPEND(s->waiting, wait);
    return false;
}

/* ---- using it ---- */

struct shelf *shelf_of(struct outside *o, const char *policy)
{
    struct shelf *s;
    char space[sizeof s->space];
    snprintf(space, sizeof space, "policy/%s", policy);
    LL_FOREACH(o->shelves, s)
    {
        if (strcmp(s->space, space) == 0)
            return s;
    }
    s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->outside = o;
    memcpy(s->space, space, sizeof space);
    LL_PREPEND(o->shelves, s);
    return s;
}

struct str shelf_get(struct shelf *s, const char *key)
{
    struct item *item = find(s, key);
    return item && item->value && !expired(s, item) ? str_of(item->value) : str_of(NULL);
}

void shelf_keys(struct shelf *s, const char *prefix, bool (*each)(void *data, const char *key), void *data)
{
    struct item *item, *next;
    HASH_ITER(hh, s->items, item, next)
    {
        if (item->value && !expired(s, item) && strncmp(item->key, prefix, strlen(prefix)) == 0 &&
            !each(data, item->key))
            return;
    }
}

static void free_wait(struct shelf_wait *wait)
{
    free(wait->key);
    free(wait->before);
    wait->key = wait->before = NULL;
}

static void written(void *data, int64_t id, const struct error *err)
{
    struct shelf_wait *wait = data;
    struct shelf *s = wait->shelf;
    struct item *item = find(s, wait->key);
    (void)id;
    if (err) {
        wait->err = *err;
        if (item && item->number == wait->number) {
            set_value(s, item, wait->before, wait->before_expires);
            wait->before = NULL;
        }
    }
    if (item && !item->value && item->number == wait->number)
        drop(s, item);
    free_wait(wait);
    struct outside *o = s->outside;
    wait->done(wait);
    outside_was_closed(o);
}

static void in_memory(struct defer *d)
{
    written(d->data, 0, NULL);
}

/* What has expired goes, in memory and in the file. */
static void sweep(struct shelf *s)
{
    struct item *item, *next;
    HASH_ITER(hh, s->items, item, next)
    {
        if (!item->value || !expired(s, item))
            continue;
        if (s->outside->config.store)
            store_keep(s->outside->config.store, &(struct store_kept){.space = s->space, .key = item->key}, NULL, NULL);
        count_item(s, item, false);
        drop(s, item);
    }
}

static int room(struct shelf *s, const char *key, struct str value, struct error *err)
{
    struct item *item = find(s, key);
    size_t old = item && item->value ? strlen(item->key) + strlen(item->value) : 0;
    if (!value.ptr)
        return 0;
    if (s->count + !old > SHELF_KEYS_MAX)
        return error_set(err, ERR_LIMIT, "a policy keeps at most %d keys; delete some, or give them a ttl",
                         SHELF_KEYS_MAX);
    if (value.len > SHELF_VALUE_MAX)
        return error_set(err, ERR_LIMIT, "a value has at most %d bytes as JSON", SHELF_VALUE_MAX);
    if (s->bytes - old + strlen(key) + value.len > SHELF_BYTES_MAX)
        return error_set(err, ERR_LIMIT, "a policy keeps at most %zu bytes in all; delete some, or give them a ttl",
                         SHELF_BYTES_MAX);
    return 0;
}

int shelf_put(struct shelf *s, const char *key, struct str value, int64_t expires_at, struct shelf_wait *wait,
              struct error *err)
{
    struct store *store = s->outside->config.store;
    if (store && !s->read)
        return error_nomem(err);
    sweep(s);
    int rc = room(s, key, value, err);
    if (rc)
        return rc;
    struct item *item = find(s, key);
    char *copy = value.ptr ? str_dup(value) : NULL;
    wait->key = str_dup(str_of(key));
    wait->before = item && item->value ? str_dup(str_of(item->value)) : NULL;
    wait->before_expires = item ? item->expires_at : 0;
    bool failed = (value.ptr && !copy) || !wait->key || (item && item->value && !wait->before);
    if (!failed && !item)
        failed = !(item = make_item(s, key));
    if (failed) {
        free(copy);
        free_wait(wait);
        return error_nomem(err);
    }
    wait->shelf = s;
    wait->soon = (struct defer){.call = in_memory, .data = wait};
    set_value(s, item, copy, expires_at);
    wait->number = item->number = ++s->writes;
    outside_opened(s->outside);
    struct store_kept row = {.space = s->space, .key = key, .value = copy, .expires_at = expires_at};
    if (store)
        store_keep(store, &row, written, wait);
    else
        defer_call(s->outside->soon, &wait->soon);
    return 0;
}

static void empty(struct shelf *s)
{
    struct item *item, *after;
    HASH_ITER(hh, s->items, item, after)
    {
        drop(s, item);
    }
    s->count = s->bytes = 0;
}

void shelves_forget(struct outside *o)
{
    struct shelf *s;
    LL_FOREACH(o->shelves, s)
    {
        empty(s);
        s->read = false;
        s->stale = s->reading != NULL;
    }
}

void shelves_free(struct outside *o)
{
    struct shelf *s, *next;
    LL_FOREACH_SAFE(o->shelves, s, next)
    {
        empty(s);
        free(s);
    }
}
