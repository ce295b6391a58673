/* SPDX-License-Identifier: Apache-2.0 */
/* A line for each file, "HASH PATH", of what the roots lead to; and the files that policy files have required. Two
 * looks at the same files give the same lines. */
#include "policy/footprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "policy/load_files.h"
#include "json/value.h"

struct policy_footprint {
    const struct policy_env *env;
    const char *const *roots;
    struct buf lines;
    struct asked {
        struct policy_asked_file file;
        char *folder; /* beneath which it is looked for */
        size_t name;  /* where its name there begins in file.path */
    } * asked;
    size_t asked_count, asked_cap;
    struct watched_path *paths;
    size_t path_count, path_cap;
    bool failed; /* memory was out */
};

/* ---- noted while it is read ---- */

void policy_file_asks(struct policy_file *file, const char *path, int code, struct str text)
{
    struct policy_asked_file one = {.code = code};
    struct policy_asked_file *all =
        file->asked_count < POLICY_SOURCES_MAX ? realloc(file->asked, (file->asked_count + 1) * sizeof *all) : NULL;
    if (!all)
        return;
    file->asked = all;
    one.path = str_dup(str_of(path));
    if (!code)
        guard_hash(text, one.hash);
    if (one.path)
        all[file->asked_count++] = one;
}

void policy_file_free_asked(struct policy_file *file)
{
    for (size_t i = 0; i < file->asked_count; i++)
        free(file->asked[i].path);
    free(file->asked);
    file->asked = NULL;
    file->asked_count = 0;
}

static void add_line(struct buf *lines, const char *hash, const char *path)
{
    buf_printf(lines, "%s %s\n", hash, path);
}

void policy_footprint_note(struct policy_set *set)
{
    char hash[GUARD_HASH_SIZE];
    buf_reset(&set->read);
    for (size_t i = 0; i < set->file_count; i++) {
        const struct policy_file *f = set->files[i];
        guard_hash(buf_str(&f->text), hash);
        if (f->unread)
            snprintf(hash, sizeof hash, "unread-%d", f->unread->code);
        add_line(&set->read, hash, f->path);
    }
    for (size_t i = 0; i < set->plugins.count; i++) {
        const struct plugin *p = set->plugins.items[i];
        guard_hash(buf_str(&p->options), hash);
        add_line(&set->read, hash, p->path);
        add_line(&set->read, p->sha256, p->path);
    }
    for (size_t i = 0; i < set->error_count; i++) { /* of the reading alone, so far */
        guard_hash(str_of(set->errors[i].message), hash);
        add_line(&set->read, hash, set->errors[i].file);
    }
}

/* ---- what is to be watched ---- */

static void add_path(struct policy_footprint *f, struct str path, const char *suffix, bool self)
{
    if (f->path_count == f->path_cap) {
        size_t cap = f->path_cap ? f->path_cap * 2 : 32;
        struct watched_path *paths = realloc(f->paths, cap * sizeof *paths);
        if (!paths) {
            f->failed = true;
            return;
        }
        f->paths = paths;
        f->path_cap = cap;
    }
    char *copy = str_dup(path);
    f->failed = f->failed || !copy;
    if (copy)
        f->paths[f->path_count++] = (struct watched_path){.path = copy, .suffix = suffix, .self = self};
}

/* The files that stand for a plugin's options. */
static void add_options(struct policy_footprint *f, const char *options)
{
    struct json root;
    char path[4096];
    if (!options || json_parse(str_of(options), "", &root, NULL))
        return;
    for (struct json_iter it = json_iter(root); json_next(&it);) {
        if (json_type(it.value) == JSON_OBJECT && json_string_at(it.value, "/file", path, sizeof path) == 0)
            add_path(f, str_of(path), NULL, true);
    }
}

/* The plugin's folder, and those in it. */
static void add_plugin(struct policy_footprint *f, const struct plugin *p)
{
    add_path(f, str_of(p->path), "", true);
    for (size_t i = 0; i < p->count; i++) {
        char path[4096];
        for (const char *slash = p->files[i].name; (slash = strchr(slash, '/')); slash++) {
            snprintf(path, sizeof path, "%s/%.*s", p->path, (int)(slash - p->files[i].name), p->files[i].name);
            add_path(f, str_of(path), "", false);
        }
    }
}

static void add_paths(struct policy_footprint *f, const struct policy_set *set)
{
    const struct policy_env *env = f->env;
    for (size_t i = 0; f->roots[i]; i++)
        add_path(f, str_of(f->roots[i]), ".lua", true);
    for (size_t i = 0; i < set->file_count; i++) {
        if (!set->files[i]->tries)
            add_path(f, str_of(set->files[i]->path), NULL, false);
    }
    for (size_t i = 0; i < f->asked_count; i++)
        add_path(f, str_of(f->asked[i].file.path), NULL, false);
    for (size_t i = 0; i < env->plugin_count; i++) {
        add_path(f, str_of(env->plugins[i].path), "", true);
        add_options(f, env->plugins[i].options);
    }
    for (size_t i = 0; i < set->plugins.count; i++)
        add_plugin(f, set->plugins.items[i]);
    if (env->plugin_lock)
        add_path(f, str_of(env->plugin_lock), NULL, false);
    if (env->config)
        add_path(f, str_of(env->config), NULL, true);
}

const struct watched_path *policy_footprint_paths(const struct policy_footprint *f, size_t *count)
{
    *count = f->path_count;
    return f->paths;
}

/* ---- its life ---- */

/* As `require` looks for it: beneath the folder of the policy file. */
static void add_asked(struct policy_footprint *f, const struct policy_file *file, const struct policy_asked_file *from)
{
    const char *slash = strrchr(file->path, '/');
    size_t len = slash ? (size_t)(slash - file->path) : 0;
    struct asked *a = &f->asked[f->asked_count++];
    *a = (struct asked){.file = *from, .name = slash ? len + 1 : 0};
    a->file.path = str_dup(str_of(from->path));
    a->folder = str_dup(!slash ? str_of(".") : len ? str_n(file->path, len) : str_of("/"));
    f->failed = f->failed || !a->file.path || !a->folder;
}

static void copy_asked(struct policy_footprint *f, const struct policy_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->file_count; i++)
        count += set->files[i]->asked_count;
    f->asked = calloc(count + 1, sizeof *f->asked);
    f->failed = f->failed || !f->asked;
    for (size_t i = 0; f->asked && i < set->file_count; i++) {
        for (size_t j = 0; j < set->files[i]->asked_count; j++)
            add_asked(f, set->files[i], &set->files[i]->asked[j]);
    }
}

struct policy_footprint *policy_footprint_new(const struct policy_set *set, const struct policy_env *env,
                                              const char *const *paths)
{
    struct policy_footprint *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->env = env;
    f->roots = paths;
    buf_add_str(&f->lines, buf_str(&set->read));
    copy_asked(f, set);
    if (!f->failed)
        add_paths(f, set);
    if (!f->failed && !f->lines.failed && !set->read.failed)
        return f;
    policy_footprint_free(f);
    return NULL;
}

void policy_footprint_free(struct policy_footprint *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->asked_count; i++) {
        free(f->asked[i].file.path);
        free(f->asked[i].folder);
    }
    for (size_t i = 0; i < f->path_count; i++)
        free((char *)(uintptr_t)f->paths[i].path);
    free(f->asked);
    free(f->paths);
    buf_free(&f->lines);
    free(f);
}

/* ---- another look ---- */

static bool has_line(struct str lines, struct str line)
{
    while (lines.len) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t n = (size_t)(end - lines.ptr);
        if (str_eq(str_n(lines.ptr, n), line))
            return true;
        lines = str_n(lines.ptr + n + 1, lines.len - n - 1);
    }
    return false;
}

/* The path of the first line of `a` that `b` lacks; NULL: it has all of them. */
static char *first_lacking(struct str a, struct str b)
{
    while (a.len) {
        size_t n = (size_t)((const char *)memchr(a.ptr, '\n', a.len) - a.ptr);
        struct str line = str_n(a.ptr, n);
        if (!has_line(b, line)) {
            size_t space = strcspn(line.ptr, " ") + 1;
            return str_dup(str_n(line.ptr + space, n - space));
        }
        a = str_n(a.ptr + n + 1, a.len - n - 1);
    }
    return NULL;
}

static bool asked_differs(const struct asked *a)
{
    struct buf text = BUF_INIT;
    struct error err;
    char hash[GUARD_HASH_SIZE];
    int code = beneath_read(&text, a->folder, a->file.path + a->name, SCRIPT_SOURCE_MAX, &err);
    guard_hash(buf_str(&text), hash);
    bool differs = code != a->file.code || (!code && strcmp(hash, a->file.hash) != 0);
    buf_free(&text);
    return differs;
}

/* What can be read once only, as a pipe of the shell's, is not read to see whether it has changed. */
static int readable_again(const struct policy_footprint *f, struct error *err)
{
    struct stat st;
    for (size_t i = 0; f->roots[i]; i++) {
        if (stat(f->roots[i], &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
            return error_set(err, ERR_INVALID, "%s is no regular file and no folder", f->roots[i]);
    }
    return 0;
}

int policy_footprint_look(const struct policy_footprint *f, struct policy_news *news, struct error *err)
{
    *news = (struct policy_news){0};
    if (readable_again(f, err))
        return err->code;
    struct policy_set *now = policy_set_new();
    if (!now)
        return error_nomem(err);
    policy_files_read(now, f->env, f->roots);
    struct str before = buf_str(&f->lines), after = buf_str(&now->read);
    bool differs = !str_eq(before, after);
    for (size_t i = 0; i < f->asked_count && !differs && !news->file; i++) {
        if (asked_differs(&f->asked[i]))
            news->file = str_dup(str_of(f->asked[i].file.path));
    }
    if (differs)
        news->file = first_lacking(after, before);
    if (differs && !news->file)
        news->file = first_lacking(before, after);
    news->config = now->config_changed != NULL;
    news->config_keys = now->config_keys.len ? buf_take(&now->config_keys, NULL) : NULL;
    int rc = now->read.failed || (differs && !news->file) ? error_nomem(err) : 0;
    policy_set_release(now);
    return rc;
}
