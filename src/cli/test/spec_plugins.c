/* SPDX-License-Identifier: Apache-2.0 */
/* Which plugins a spec and its policies have. */
#include "cli/test/spec_plugins.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static void drop(struct plugin_place *p)
{
    free((char *)(uintptr_t)p->name);
    free((char *)(uintptr_t)p->path);
    free((char *)(uintptr_t)p->options);
    *p = (struct plugin_place){0};
}

static void cut(struct spec_plugins *s, size_t count)
{
    while (s->count > count)
        drop(&s->places[--s->count]);
}

/* The first thing that is wrong. */
static void wrong(void *data, const char *file, int line, const char *message)
{
    struct error *err = data;
    (void)file;
    (void)line;
    if (!err->code)
        error_set(err, ERR_INVALID, "%s", message);
}

static int read_own(struct spec_plugins *s, struct error *err)
{
    error_clear(err);
    plugins_free(&s->read);
    if (plugins_read(&s->read, s->places, s->of_file, wrong, err))
        return error_nomem(err);
    return err->code;
}

static int add(struct spec_plugins *s, const char *path, const char *options, struct error *err)
{
    char *real = realpath(path, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    if (!slash) {
        free(real);
        return error_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    }
    char archive[PLUGIN_NAME_MAX + 1];
    const char *name = slash + 1;
    if (plugin_is_archive(path)) {
        plugin_archive_name(path, archive);
        name = archive;
    }
    struct plugin_place p = {.name = str_dup(str_of(name)), .path = str_dup(str_of(path))};
    free(real);
    if (options)
        p.options = str_dup(str_of(options));
    bool copied = p.name && p.path && (!options || p.options);
    if (!copied || s->count >= PLUGINS_MAX) {
        drop(&p);
        return !copied ? error_nomem(err)
                       : error_set(err, ERR_LIMIT, "%s: there are more than %d plugins", path, PLUGINS_MAX);
    }
    s->places[s->count++] = p;
    return 0;
}

static int find(struct spec_plugins *s, const char *folder, const char *pattern, struct error *err)
{
    char path[PATH_MAX];
    glob_t found;
    int rc = 0;
    /* The folder's own name must not be taken for a pattern. */
    size_t n = 0;
    for (const char *p = folder; *p && n + 3 < sizeof path; p++) {
        if (strchr("*?[]\\", *p))
            path[n++] = '\\';
        path[n++] = *p;
    }
    if (snprintf(path + n, sizeof path - n, "%s", pattern) >= (int)(sizeof path - n))
        return error_set(err, ERR_LIMIT, "%s: the path is too long", folder);
    if (glob(path, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc && !rc; i++) {
        char *file = found.gl_pathv[i], *slash = strrchr(file, '/');
        if (slash && !plugin_is_archive(file))
            *slash = '\0';
        rc = add(s, slash ? file : ".", NULL, err);
    }
    globfree(&found);
    return rc;
}

int spec_plugins_find(struct spec_plugins *s, const char *folder, struct error *err)
{
    int rc = find(s, folder, PLUGIN_FILE, err);
    if (!rc)
        rc = find(s, folder, "plugins/*/" PLUGIN_FILE, err);
    if (!rc)
        rc = find(s, folder, "plugins/*.tar.gz", err);
    s->of_file = s->count;
    return rc ? rc : read_own(s, err);
}

int spec_plugins_add(struct spec_plugins *s, const char *path, const char *options, bool test, struct error *err)
{
    int rc = add(s, path, options, err);
    if (rc)
        return rc;
    struct plugin_place *last = &s->places[s->count - 1];
    if (test)
        return 0;
    for (size_t i = 0; i + 1 < s->count; i++) {
        if (strcmp(s->places[i].name, last->name) == 0) {
            drop(&s->places[i]);
            s->places[i] = *last;
            s->count--;
            break;
        }
    }
    s->of_file = s->count;
    return read_own(s, err);
}

size_t spec_plugins_list(const struct spec_plugins *s, struct plugin_place out[PLUGINS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        bool again = false;
        for (size_t k = i + 1; k < s->count && !again; k++)
            again = strcmp(s->places[k].name, s->places[i].name) == 0;
        if (!again)
            out[n++] = s->places[i];
    }
    return n;
}

void spec_plugins_forget(struct spec_plugins *s)
{
    cut(s, s->of_file);
}

void spec_plugins_free(struct spec_plugins *s)
{
    plugins_free(&s->read);
    cut(s, 0);
}
