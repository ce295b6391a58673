/* SPDX-License-Identifier: Apache-2.0 */
/* Several journals: their files, and their rows by time. */
#include "cli/journal/several.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/grown.h"
#include "base/texts.h"
#include "store/store.h"

/* ---- files ---- */

static bool is_folder(const char *path)
{
    struct stat at;
    return stat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

bool several_named(const struct options *o)
{
    return o->states[0] && (o->states[1] || is_folder(o->states[0]));
}

static int add(struct several *s, struct str path, struct error *err)
{
    struct several_file *files = realloc(s->files, (s->count + 1) * sizeof *files);
    if (!files)
        return error_nomem(err);
    s->files = files;
    files[s->count] = (struct several_file){.path = str_dup(path)};
    return files[s->count++].path ? 0 : error_nomem(err);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct several_file *)a)->path, ((const struct several_file *)b)->path);
}

static int add_folder(struct several *s, const char *folder, struct error *err)
{
    size_t before = s->count;
    struct dirent *entry;
    int rc = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return error_set(err, ERR_IO, "cannot read the folder %s: %s", folder, strerror(errno));
    while (!rc && (entry = readdir(dir))) {
        struct buf path = BUF_INIT;
        if (!str_ends(str_of(entry->d_name), ".db"))
            continue;
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        rc = buf_result(&path, "a path", err);
        if (!rc)
            rc = add(s, buf_str(&path), err);
        buf_free(&path);
    }
    closedir(dir);
    if (!rc && s->count == before)
        return error_set(err, ERR_NOT_FOUND, "the folder %s has no journal: its files have to end in .db", folder);
    if (!rc)
        qsort(s->files + before, s->count - before, sizeof *s->files, by_path);
    return rc;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* By their last part, where all of these differ. */
static void name_them(struct several *s)
{
    bool differ = true;
    for (size_t i = 0; i < s->count; i++) {
        for (size_t j = 0; j < i; j++)
            differ = differ && strcmp(last_part(s->files[i].path), last_part(s->files[j].path)) != 0;
    }
    for (size_t i = 0; i < s->count; i++)
        s->files[i].replica = differ ? last_part(s->files[i].path) : s->files[i].path;
}

int several_open(const struct options *o, struct several *s, struct error *err)
{
    int rc = 0;
    *s = (struct several){0};
    for (size_t i = 0; !rc && o->states[i]; i++)
        rc = is_folder(o->states[i]) ? add_folder(s, o->states[i], err) : add(s, str_of(o->states[i]), err);
    for (size_t i = 0; !rc && i < s->count; i++)
        rc = store_open_reader(s->files[i].path, &s->files[i].store, err);
    if (!rc)
        name_them(s);
    return rc;
}

void several_close(struct several *s)
{
    for (size_t i = 0; i < s->count; i++) {
        store_close(s->files[i].store, NULL, NULL);
        free(s->files[i].path);
    }
    free(s->files);
    *s = (struct several){0};
}

/* ---- rows ---- */

struct row {
    const char *replica;
    int64_t at;
    size_t order; /* of those of one instant, as they were read */
    void *texts;
    union {
        struct store_change change;
        struct store_run run;
    } of;
};

struct gathering {
    const char *replica;
    struct row *rows;
    size_t count, cap;
    bool nomem;
};

static struct row *new_row(struct gathering *g)
{
    struct row *rows = grown(g->rows, g->count, &g->cap, sizeof *rows, 128);
    if (!rows)
        return NULL;
    g->rows = rows;
    struct row *row = &g->rows[g->count];
    *row = (struct row){.replica = g->replica, .order = g->count};
    return row;
}

static bool keep_row(struct gathering *g, struct row *row)
{
    g->nomem = !row || !row->texts;
    g->count += !g->nomem;
    return !g->nomem;
}

#define COPY(field)                                                                                                    \
    {                                                                                                                  \
        &to->field, from->field                                                                                        \
    }

static bool keep_change(void *data, const struct store_change *from)
{
    struct row *row = new_row(data);
    if (row) {
        struct store_change *to = &row->of.change;
        *to = *from;
        row->at = from->intended_at;
        row->texts =
            TEXTS_COPY(COPY(policy), COPY(cluster), COPY(server), COPY(version), COPY(resource), COPY(name_space),
                       COPY(name), COPY(uid), COPY(resource_version), COPY(verb), COPY(diff), COPY(effect), COPY(why),
                       COPY(who), COPY(outcome), COPY(message), COPY(resource_version_after), COPY(observed),
                       COPY(traceparent), COPY(frees), COPY(trigger), COPY(file), COPY(file_sha256));
    }
    return keep_row(data, row);
}

static bool keep_run(void *data, const struct store_run *from)
{
    struct row *row = new_row(data);
    if (row) {
        struct store_run *to = &row->of.run;
        *to = *from;
        row->at = from->started_at;
        row->texts = TEXTS_COPY(COPY(policy), COPY(cluster), COPY(trigger), COPY(outcome), COPY(message), COPY(who),
                                COPY(file), COPY(file_sha256), COPY(traceparent));
    }
    return keep_row(data, row);
}

static int newest_first(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? 1 : -1;
    return one->order < other->order ? -1 : 1;
}

int several_read(const struct several *s, const struct several_reading *reading, struct error *err)
{
    struct gathering g = {0};
    int64_t limit = reading->filter->limit;
    int rc = 0;
    for (size_t i = 0; !rc && i < s->count; i++) {
        struct journal *journal = store_journal(s->files[i].store);
        g.replica = s->files[i].replica;
        rc = reading->run ? journal_read_runs(journal, reading->filter, reading->unfinished_only, keep_run, &g, err)
                          : journal_read_changes(journal, reading->filter, keep_change, &g, err);
        if (!rc && g.nomem)
            rc = error_nomem(err);
    }
    if (g.count)
        qsort(g.rows, g.count, sizeof *g.rows, newest_first);
    for (size_t i = 0; i < g.count; i++) {
        const struct row *row = &g.rows[i];
        bool wanted = !rc && (!limit || (int64_t)i < limit);
        if (wanted && reading->run)
            reading->run(reading->data, row->replica, &row->of.run);
        else if (wanted)
            reading->change(reading->data, row->replica, &row->of.change);
        free(row->texts);
    }
    free(g.rows);
    return rc;
}
