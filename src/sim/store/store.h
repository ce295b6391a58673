/* SPDX-License-Identifier: Apache-2.0 */
/* The objects and their history: every write makes a revision with the next resourceVersion, kept until it is
 * compacted. A revision's text is the object as stored, without the leading {"apiVersion":...,"kind":..., part, so that
 * reading it in any version is a copy of bytes. */
#ifndef SIM_STORE_STORE_H
#define SIM_STORE_STORE_H
#include "sim/doc/mem.h"

#include <stdbool.h>

enum { STORE_KINDS = 14 };

enum event { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED };

struct entry {
    struct revision *latest;
    void *follower; /* what sim/life keeps about the object */
    uint8_t kind;
    uint8_t ns_len; /* 0 for objects without a namespace */
    char key[];     /* "namespace/name", or "name": lists are in the byte order of this string */
};

struct marks {                   /* places in the text of a revision */
    uint32_t meta, meta_len;     /* the value of "metadata" */
    uint32_t labels, labels_len; /* the value of "metadata.labels"; 0, 0: it has no labels */
    uint32_t tail; /* where the status begins: the comma before it, or the last brace if there is no status */
};

enum view { VIEW_UNKNOWN, VIEW_SAME, VIEW_PRUNED };

struct revision {
    uint64_t version;
    struct entry *entry;
    struct revision *prev; /* what it replaced; NULL when that is compacted or this is the first */
    uint32_t len;
    struct marks marks;
    uint8_t event;
    uint8_t view[3]; /* enum view, by version: would its schema drop something? Found out at the first reading */
    char text[];
};

struct shelf { /* the entries of one kind in the order of their keys */
    struct entry **entry;
    size_t count, cap;
    size_t live;
    bool unsorted;    /* while many are being made at once, see store_bulk */
    uint64_t changed; /* version of the last write */
};

struct store {
    struct shelf shelf[STORE_KINDS];
    uint64_t version;                                     /* of the last write */
    uint64_t compacted;                                   /* versions below this one cannot be read */
    struct revision **log;                                /* a ring by version */
    size_t superseded;                                    /* bytes that are kept for the history only */
    void (*committed)(void *owner, struct revision *rev); /* after every write; may be NULL */
    void *owner;
};

void store_init(struct store *s);
void store_clear(struct store *s);

/* Entries and revisions that are returned belong to the store, until they are compacted. ns: "" for none. */
struct entry *store_find(struct store *s, int kind, const char *ns, const char *name);   /* deleted ones too; or NULL */
struct revision *store_get(struct store *s, int kind, const char *ns, const char *name); /* NULL: no such object */
static inline uint64_t store_next(const struct store *s) /* the version that the next write will have */
{
    return s->version + 1;
}

/* Writes a revision. text is copied; its resourceVersion has to be store_next(). */
struct revision *store_commit(struct store *s, int kind, const char *ns, const char *name, enum event event,
                              const struct buf *text, const struct marks *marks);

/* Many entries at once: between the calls with true and false nothing may be read, and no key written twice. */
void store_bulk(struct store *s, bool begin);

/* Where the first entry is whose key is not below `key`; the count of the shelf if all are below it. */
size_t store_seek(struct store *s, int kind, const char *key);
/* The entries of a namespace ("": of all): [*from, *to) of the shelf. */
void store_range(struct store *s, int kind, const char *ns, size_t *from, size_t *to);
/* The state of an entry at a version; NULL if it did not exist then. */
struct revision *store_at(const struct entry *e, uint64_t version);
/* The revision that made that version, or NULL if it is compacted. */
struct revision *store_logged(const struct store *s, uint64_t version);
void store_compact(struct store *s, uint64_t below); /* forgets the history before that version */

static inline const char *entry_name(const struct entry *e)
{
    return e->ns_len ? e->key + e->ns_len + 1 : e->key;
}
char *entry_namespace(const struct entry *e, char out[64]); /* returns out; "": it has no namespace */
#endif
