/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: the daemon's store with its lock, writer and thread; a reader beside it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/parts.h"

/* The struct with its locks. */
static int make(const char *path, struct store **store, struct error *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return error_nomem(err);
    s->lock = -1;
    s->path = strdup(path);
    if (!s->path) {
        free(s);
        return error_nomem(err);
    }
    s->journal.store = s->state.store = s;
    s->state.base.ops = &sqlite_state_ops;
    /* Recursive: a row's function may read again. */
    if (uv_mutex_init_recursive(&s->db) || uv_mutex_init(&s->mutex) || uv_cond_init(&s->wake))
        abort(); /* glibc's cannot fail with these attributes */
    *store = s;
    return 0;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    if (!s->writer.memory)
        sqlite3_close_v2(s->reader);
    writer_close(&s->writer);
    db_file_release(s->lock);
    uv_mutex_destroy(&s->db);
    uv_mutex_destroy(&s->mutex);
    uv_cond_destroy(&s->wake);
    free(s->path);
    free(s);
}

static int open_reader(struct store *s, struct error *err)
{
    int rc = sqlite3_open_v2(s->path, &s->reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_FULLMUTEX, NULL);
    if (rc)
        return fail_sqlite(s->reader, rc, s->path, err);
    db_settle(s->reader);
    return 0;
}

static int open_file(struct store *s, bool brief, struct error *err)
{
    char *real;
    int rc = db_file_make(s->path, brief, &real, &s->lock, err);
    if (rc)
        return rc;
    free(s->path);
    s->path = real;
    rc = writer_open(&s->writer, s->path, s->log, err);
    return rc ? rc : open_reader(s, err);
}

static int open_memory(struct store *s, struct error *err)
{
    int rc = writer_open(&s->writer, s->path, s->log, err);
    s->reader = s->writer.db;
    return rc;
}

/* Runs are numbered on the loop; the number of a removed run is not given again. */
static int look_for_last_run(struct store *s, struct error *err)
{
    static const char sql[] = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'runs'";
    int rc = schema_number(s->writer.db, sql, &s->journal.last_run);
    return rc ? fail_sqlite(s->writer.db, rc, s->path, err) : 0;
}

static int open_store(uv_loop_t *loop, const char *path, bool brief, const struct log *log, struct store **store,
                      struct error *err)
{
    struct store *s;
    *store = NULL;
    int rc = make(path, &s, err);
    if (rc)
        return rc;
    s->loop = loop;
    s->log = log;
    rc = strcmp(path, STORE_MEMORY) == 0 ? open_memory(s, err) : open_file(s, brief, err);
    s->state.base.epoch = s->writer.epoch;
    if (rc == 0)
        rc = look_for_last_run(s, err);
    if (rc == 0)
        rc = queue_start(s, err);
    if (rc) {
        store_free(s);
        return rc;
    }
    *store = s;
    return 0;
}

int store_open(uv_loop_t *loop, const char *path, const struct log *log, struct store **store, struct error *err)
{
    return open_store(loop, path, false, log, store, err);
}

int store_open_brief(uv_loop_t *loop, const char *path, const struct log *log, struct store **store, struct error *err)
{
    return open_store(loop, path, true, log, store, err);
}

static int check_for_reading(struct store *s, int *version, struct error *err)
{
    int rc = schema_look(s->reader, s->path, schema_newest, version, err);
    if (rc == 0 && *version == 0)
        return error_set(err, ERR_NOT_FOUND, "%s holds no journal yet: start mpijobd once with this file", s->path);
    return rc;
}

static int is_older(const char *path, int version, struct error *err)
{
    error_set(err, ERR_INVALID, "%s is of an older mpijobd (schema %d of %d): start this mpijobd once with it", path,
              version, schema_newest);
    error_set_retryable(err, true); /* a daemon brings it up to date */
    return ERR_INVALID;
}

/* any: an older one, too. */
static int open_for_reading(const char *path, bool any, struct store **store, struct error *err)
{
    struct store *s;
    int version;
    *store = NULL;
    if (access(path, F_OK) != 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                         "cannot read the journal %s: %s: name the file that the daemon has for its state", path,
                         strerror(errno));
    int rc = make(path, &s, err);
    if (rc)
        return rc;
    rc = open_reader(s, err);
    if (rc == 0)
        rc = check_for_reading(s, &version, err);
    if (rc == 0 && !any && version < schema_newest)
        rc = is_older(path, version, err);
    if (rc) {
        store_free(s);
        return rc;
    }
    *store = s;
    return 0;
}

int store_open_reader(const char *path, struct store **store, struct error *err)
{
    return open_for_reading(path, false, store, err);
}

int store_open_any(const char *path, struct store **store, struct error *err)
{
    return open_for_reading(path, true, store, err);
}

struct journal *store_journal(struct store *store)
{
    return store ? &store->journal : NULL;
}

uint64_t store_failures(const struct store *s)
{
    return s ? s->failures : 0;
}

struct state *store_state(struct store *store)
{
    return store ? &store->state.base : NULL;
}
