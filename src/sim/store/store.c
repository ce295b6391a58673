/* SPDX-License-Identifier: Apache-2.0 */
/* The objects and their history: a sorted array for each kind, a chain of revisions for each object, a ring of all. */
#include "sim/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_SIZE = 1 << 16, FIRST_VERSION = 1000 };
static const size_t SUPERSEDED_MAX = (size_t)96 << 20;

void store_init(struct store *s)
{
    *s = (struct store){.version = FIRST_VERSION, .compacted = FIRST_VERSION};
    s->log = sim_alloc(LOG_SIZE * sizeof *s->log);
}

static void free_chain(struct revision *rev)
{
    while (rev) {
        struct revision *prev = rev->prev;
        free(rev);
        rev = prev;
    }
}

void store_clear(struct store *s)
{
    for (int k = 0; k < STORE_KINDS; k++) {
        for (size_t i = 0; i < s->shelf[k].count; i++) {
            free_chain(s->shelf[k].entry[i]->latest);
            free(s->shelf[k].entry[i]);
        }
        free(s->shelf[k].entry);
    }
    free(s->log);
    *s = (struct store){0};
}

size_t store_seek(struct store *s, int kind, const char *key)
{
    struct shelf *shelf = &s->shelf[kind];
    size_t low = 0, high = shelf->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (strcmp(shelf->entry[mid]->key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void store_range(struct store *s, int kind, const char *ns, size_t *from, size_t *to)
{
    char key[80]; /* "ns/" to "ns0": the byte after the slash */
    *from = 0;
    *to = s->shelf[kind].count;
    if (!*ns)
        return;
    snprintf(key, sizeof key, "%.63s/", ns);
    *from = store_seek(s, kind, key);
    key[strlen(key) - 1] = '/' + 1;
    *to = strlen(ns) > 63 ? *from : store_seek(s, kind, key);
}

static void make_key(const char *ns, const char *name, char *key, size_t size)
{
    size_t n = strlen(ns), m = strlen(name);
    if (n + m + 2 > size) /* such a name cannot exist: cut it */
        m = size - n - 2;
    memcpy(key, ns, n);
    if (n)
        key[n++] = '/';
    memcpy(key + n, name, m);
    key[n + m] = 0;
}

enum { KEY_SIZE = 400 };

static bool key_fits(const char *ns, const char *name)
{
    return strlen(ns) <= 63 && strlen(name) <= 253;
}

struct entry *store_find(struct store *s, int kind, const char *ns, const char *name)
{
    char key[KEY_SIZE];
    if (!key_fits(ns, name))
        return NULL;
    make_key(ns, name, key, sizeof key);
    size_t at = store_seek(s, kind, key);
    struct shelf *shelf = &s->shelf[kind];
    return at < shelf->count && strcmp(shelf->entry[at]->key, key) == 0 ? shelf->entry[at] : NULL;
}

struct revision *store_get(struct store *s, int kind, const char *ns, const char *name)
{
    struct entry *e = store_find(s, kind, ns, name);
    return e && e->latest->event != EVENT_DELETED ? e->latest : NULL;
}

static struct entry *insert(struct store *s, int kind, const char *ns, const char *name)
{
    struct shelf *shelf = &s->shelf[kind];
    char key[KEY_SIZE];
    make_key(ns, name, key, sizeof key);
    size_t at = shelf->unsorted ? shelf->count : store_seek(s, kind, key);
    if (shelf->count == shelf->cap) {
        shelf->cap = shelf->cap ? shelf->cap * 2 : 64;
        shelf->entry = sim_realloc(shelf->entry, shelf->cap * sizeof *shelf->entry);
    }
    size_t len = strlen(key);
    struct entry *e = sim_alloc(sizeof *e + len + 1);
    e->kind = (uint8_t)kind;
    e->ns_len = (uint8_t)strlen(ns);
    memcpy(e->key, key, len + 1);
    memmove(shelf->entry + at + 1, shelf->entry + at, (shelf->count - at) * sizeof *shelf->entry);
    shelf->entry[at] = e;
    shelf->count++;
    return e;
}

static void remove_entry(struct store *s, struct entry *e)
{
    struct shelf *shelf = &s->shelf[e->kind];
    size_t at = store_seek(s, e->kind, e->key);
    memmove(shelf->entry + at, shelf->entry + at + 1, (shelf->count - at - 1) * sizeof *shelf->entry);
    shelf->count--;
    free(e);
}

/* Frees what the oldest revision of the log replaced; if that revision is a deletion, the entry goes, too. */
static void compact_one(struct store *s)
{
    struct revision *rev = s->log[s->compacted % LOG_SIZE];
    s->log[s->compacted % LOG_SIZE] = NULL;
    s->compacted++;
    if (!rev)
        return;
    if (rev->prev) {
        s->superseded -= rev->prev->len;
        free(rev->prev);
        rev->prev = NULL;
    }
    if (rev->event == EVENT_DELETED && rev->entry->latest == rev) {
        remove_entry(s, rev->entry);
        free(rev);
    }
}

void store_compact(struct store *s, uint64_t below)
{
    if (below > s->version)
        below = s->version;
    while (s->compacted <= below)
        compact_one(s);
    s->compacted = below; /* the state at that version can still be read, but not what was before */
}

struct revision *store_logged(const struct store *s, uint64_t version)
{
    return version > s->compacted && version <= s->version ? s->log[version % LOG_SIZE] : NULL;
}

struct revision *store_commit(struct store *s, int kind, const char *ns, const char *name, enum event event,
                              const struct buf *text, const struct marks *marks)
{
    struct shelf *shelf = &s->shelf[kind];
    struct entry *e = shelf->unsorted ? NULL : store_find(s, kind, ns, name);
    if (!e)
        e = insert(s, kind, ns, name);
    struct revision *rev = sim_realloc(NULL, sizeof *rev + text->len + 1);
    *rev = (struct revision){.version = ++s->version,
                             .entry = e,
                             .prev = e->latest,
                             .len = (uint32_t)text->len,
                             .marks = *marks,
                             .event = (uint8_t)event};
    memcpy(rev->text, text->ptr, text->len + 1);
    bool lived = rev->prev && rev->prev->event != EVENT_DELETED, lives = event != EVENT_DELETED;
    shelf->live += (size_t)lives;
    shelf->live -= (size_t)lived;
    shelf->changed = rev->version;
    e->latest = rev;
    if (rev->prev)
        s->superseded += rev->prev->len;
    s->log[rev->version % LOG_SIZE] = rev;
    while (s->compacted < s->version && (s->version - s->compacted >= LOG_SIZE - 1 || s->superseded > SUPERSEDED_MAX))
        store_compact(s, s->compacted + 1);
    if (s->committed)
        s->committed(s->owner, rev);
    return rev;
}

static int by_entry_key(const void *a, const void *b)
{
    return strcmp((*(struct entry *const *)a)->key, (*(struct entry *const *)b)->key);
}

void store_bulk(struct store *s, bool begin)
{
    for (int k = 0; k < STORE_KINDS; k++) {
        struct shelf *shelf = &s->shelf[k];
        if (!begin && shelf->count)
            qsort(shelf->entry, shelf->count, sizeof(struct entry *), by_entry_key);
        shelf->unsorted = begin;
    }
}

struct revision *store_at(const struct entry *e, uint64_t version)
{
    struct revision *rev = e->latest;
    while (rev && rev->version > version)
        rev = rev->prev;
    return rev && rev->event != EVENT_DELETED ? rev : NULL;
}

char *entry_namespace(const struct entry *e, char out[64])
{
    memcpy(out, e->key, e->ns_len);
    out[e->ns_len] = 0;
    return out;
}
