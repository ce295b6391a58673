/* The objects and their history: every write makes a revision with the next resourceVersion, kept until it is
 * compacted. A revision's text is the object as stored, without the leading {"apiVersion":...,"kind":..., part, so that
 * reading it in any version is a copy of bytes. */
#ifndef SIM_STORE_STORE_H
#define SIM_STORE_STORE_H
#include "sim/doc/mem.h"

#include <stdbool.h>

enum { STORE_KINDS = 11 };

enum event { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED };

struct entry {
    struct revision *latest;
    void *follower; /* whoever keeps something about the object: life.c */
    uint8_t kind;
    uint8_t ns_len; /* 0 for objects without a namespace */
    char key[];     /* "namespace/name", or "name": lists are in the byte order of this string */
};

struct marks {                   /* places in a revision's text */
    uint32_t meta, meta_len;     /* the value of "metadata" */
    uint32_t labels, labels_len; /* the value of "metadata.labels"; 0, 0 if there are none */
    uint32_t tail;               /* where what was asked for ends: at the comma before "status", or at the last brace */
};

enum view { VIEW_UNKNOWN, VIEW_SAME, VIEW_PRUNED };

struct revision {
    uint64_t version;
    struct entry *entry;
    struct revision *prev; /* what it replaced; NULL when that is compacted or this is the first */
    uint32_t len;
    struct marks marks;
    uint8_t event;
    uint8_t view[3]; /* whether the schema of another version would drop something; found out at the first reading */
    char text[];
};

struct shelf { /* the entries of one kind in the order of their keys */
    struct entry **entry;
    size_t count, cap;
    size_t live;
    bool unsorted;    /* while many are being made at once */
    uint64_t changed; /* version of the last write */
};

struct store {
    struct shelf shelf[STORE_KINDS];
    uint64_t version;      /* of the last write */
    uint64_t compacted;    /* versions below this one cannot be read any more */
    struct revision **log; /* a ring by version */
    size_t superseded;     /* bytes held only for history */
    void (*committed)(void *owner, struct revision *rev);
    void *owner;
};

void store_init(struct store *s);
void store_free(struct store *s);

struct entry *store_find(struct store *s, int kind, const char *ns, const char *name);
struct revision *store_get(struct store *s, int kind, const char *ns, const char *name); /* NULL: no such object */
static inline uint64_t store_next(const struct store *s)
{
    return s->version + 1;
}

/* text is copied; it has to carry store_next() as its resourceVersion. */
struct revision *store_commit(struct store *s, int kind, const char *ns, const char *name, enum event event,
                              const struct buf *text, const struct marks *marks);

void store_bulk(struct store *s, bool begin); /* between the calls entries are only appended; nothing may be read */

/* The first entry whose key is not below `key`. */
size_t store_seek(struct store *s, int kind, const char *key);
/* The entries of a namespace ("": of all): [*from, *to) of the shelf. */
void store_range(struct store *s, int kind, const char *ns, size_t *from, size_t *to);
/* The state of an entry at a version; NULL if it did not exist then. */
struct revision *store_at(const struct entry *e, uint64_t version);
/* The revision that made that version, or NULL if it is compacted. */
struct revision *store_logged(const struct store *s, uint64_t version);
void store_compact(struct store *s, uint64_t below);

static inline const char *entry_name(const struct entry *e)
{
    return e->ns_len ? e->key + e->ns_len + 1 : e->key;
}
char *entry_namespace(const struct entry *e, char out[64]); /* "" for none */
#endif
