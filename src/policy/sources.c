/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the text of what a policy file has required: `rbac` and `doctor` read it, and errors name its places. */
#include "policy/sources.h"

#include <stdlib.h>

#include "policy/load.h"

static int full(const struct policy_file *file, const char *path, struct str text, struct error *err)
{
    if (file->source_count >= POLICY_SOURCES_MAX)
        return error_set(err, ERR_LIMIT, "%s: a policy file requires at most %d files", path, POLICY_SOURCES_MAX);
    if (file->source_bytes + text.len > POLICY_SOURCES_BYTES)
        return error_set(err, ERR_LIMIT, "%s: the files that a policy file requires have at most %zu bytes together",
                         path, POLICY_SOURCES_BYTES);
    return 0;
}

int policy_file_add_source(struct policy_file *file, const char *path, struct str text, struct error *err)
{
    int rc = full(file, path, text, err);
    if (rc)
        return rc;
    struct policy_source_file *sources = realloc(file->sources, (file->source_count + 1) * sizeof *sources);
    if (!sources)
        return error_nomem(err);
    file->sources = sources;
    struct policy_source_file *s = &sources[file->source_count];
    *s = (struct policy_source_file){.path = str_dup(str_of(path))};
    buf_add_str(&s->text, text);
    if (!s->path || s->text.failed) {
        free(s->path);
        buf_free(&s->text);
        return error_nomem(err);
    }
    file->source_count++;
    file->source_bytes += text.len;
    return 0;
}

void policy_file_add_plugin(struct policy_file *file, struct plugin *plugin)
{
    for (size_t i = 0; i < file->required_count; i++) {
        if (file->required[i] == plugin)
            return;
    }
    if (file->required_count < PLUGINS_MAX)
        file->required[file->required_count++] = plugin;
}

/* Lua shows the end of a long path only, behind "...". */
static bool named(const char *path, const char *name, size_t len)
{
    size_t n = strlen(path), cut = 3;
    if (len <= cut || strncmp(name, "...", cut) != 0)
        return str_is(str_n(name, len), path);
    return n >= len - cut && memcmp(path + n - (len - cut), name + cut, len - cut) == 0;
}

const char *policy_file_source(const struct policy_file *file, const char *name, size_t len)
{
    for (size_t i = 0; i < file->source_count; i++) {
        if (named(file->sources[i].path, name, len))
            return file->sources[i].path;
    }
    return named(file->path, name, len) ? file->path : NULL;
}

struct str policy_file_text(const struct policy_file *file, const char *path)
{
    for (size_t i = 0; i < file->source_count; i++) {
        if (strcmp(file->sources[i].path, path) == 0)
            return buf_str(&file->sources[i].text);
    }
    return strcmp(file->path, path) == 0 ? buf_str(&file->text) : (struct str){0};
}

void policy_file_free_sources(struct policy_file *file)
{
    for (size_t i = 0; i < file->source_count; i++) {
        free(file->sources[i].path);
        buf_free(&file->sources[i].text);
    }
    free(file->sources);
}
