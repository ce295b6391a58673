/* SPDX-License-Identifier: Apache-2.0 */
/* From the names of chunks to files, and to texts that no file of the client's has. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"

#define NAME_BYTES 60 /* of a text that was loaded */

struct debug_source *source_of(struct debugger *d, const char *chunk)
{
    if (d->last_source && strcmp(d->last_source->chunk, chunk) == 0)
        return d->last_source;
    struct debug_source *s = d->sources;
    while (s && strcmp(s->chunk, chunk) != 0)
        s = s->next;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s || !(s->chunk = str_dup(str_of(chunk)))) {
            free(s);
            return NULL;
        }
        s->id = ++d->source_ids;
        s->path = *chunk == '@' ? realpath(chunk + 1, NULL) : NULL;
        s->next = d->sources;
        d->sources = s;
    }
    d->last_source = s;
    return s;
}

void debugger_add_source(struct debugger *d, const char *chunk, struct str text)
{
    struct debug_source *s = source_of(d, chunk);
    if (s)
        s->text = text;
}

char *source_named(struct debugger *d, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real || strcmp(real, path) == 0)
        return real;
    char chunk[PATH_MAX + 1]; /* an entry by the real path tells how the client calls it */
    chunk[0] = '@';
    strncpy(chunk + 1, real, PATH_MAX - 1);
    chunk[PATH_MAX] = '\0';
    struct debug_source *s = source_of(d, chunk);
    if (s) {
        free(s->shown);
        s->shown = str_dup(str_of(path));
    }
    return real;
}

static const char *shown_path(struct debugger *d, const struct debug_source *source)
{
    for (const struct debug_source *s = d->sources; s; s = s->next) {
        if (s->shown && s->path && strcmp(s->path, source->path) == 0)
            return s->shown;
    }
    return source->path;
}

static struct str text_behind(const struct debug_source *source)
{
    if (source->text.ptr || *source->chunk == '@' || *source->chunk == '=')
        return source->text;
    return str_of(source->chunk); /* a text that was loaded is its own name */
}

static struct str name_of(const struct debug_source *source)
{
    const char *name = source->chunk;
    const char *slash = strrchr(name, '/');
    if (*name == '@')
        return str_of(slash ? slash + 1 : name + 1);
    if (*name == '=')
        return str_of(name + 1);
    size_t n = strcspn(name, "\n");
    return str_n(name, n < NAME_BYTES ? n : NAME_BYTES);
}

void write_source(struct debugger *d, const struct debug_source *source)
{
    struct json_writer *w = &d->w;
    json_write_object(w);
    json_write_key(w, "name");
    json_write_str(w, name_of(source));
    if (source->path) {
        json_write_key(w, "path");
        json_write_string(w, shown_path(d, source));
    } else {
        if (text_behind(source).len) {
            json_write_key(w, "sourceReference");
            json_write_int(w, source->id);
        }
        json_write_key(w, "origin");
        json_write_string(w, *source->chunk == '=' ? "a part of mpijobd" : "no file");
        json_write_key(w, "presentationHint");
        json_write_string(w, "deemphasize");
    }
    json_write_end(w);
}

void handle_source(struct debugger *d, const struct request *r)
{
    int64_t id = number_of(json_get(r->arguments, "sourceReference"), 0);
    if (!id)
        id = number_of(json_at(r->arguments, "/source/sourceReference"), 0);
    const struct debug_source *s = d->sources;
    while (s && s->id != id)
        s = s->next;
    struct str text = s ? text_behind(s) : (struct str){0};
    if (!text.len) {
        answer_refuse(d, r, "source: there is no text behind sourceReference %lld", (long long)id);
        return;
    }
    answer_begin(d, r);
    json_write_key(&d->w, "content");
    json_write_str(&d->w, text);
    json_write_key(&d->w, "mimeType");
    json_write_string(&d->w, "text/x-lua");
    message_end(d);
}

void sources_free(struct debugger *d)
{
    while (d->sources) {
        struct debug_source *s = d->sources;
        d->sources = s->next;
        free(s->chunk);
        free(s->path);
        free(s->shown);
        free(s);
    }
}
