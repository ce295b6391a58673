/* SPDX-License-Identifier: Apache-2.0 */
/* From what the configuration says to plugins in memory. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/plugin_parts.h"
#include "json/write.h"

struct reading {
    struct plugins *plugins;
    const struct plugin_place *place;
    plugin_finding wrong;
    void *data;
    bool nomem;
};

__attribute__((format(printf, 2, 3))) static void found(struct reading *r, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct buf shown = BUF_INIT; /* names in an archive may hold anything */
    buf_puts(&shown, "plugins: ");
    plugin_show(&shown, text);
    r->nomem = r->nomem || shown.failed;
    if (!shown.failed)
        r->wrong(r->data, r->place->file ? r->place->file : r->place->path, r->place->line, shown.ptr);
    buf_free(&shown);
}

/* ---- its options ---- */

/* { "file": PATH }: the text of that file in the value's place. False: it was reported. */
static bool write_file(struct reading *r, struct json_writer *w, struct json path)
{
    char name[PATH_MAX];
    struct buf text = BUF_INIT;
    struct error err;
    int rc = json_string_at(path, "", name, sizeof name);
    if (rc)
        found(r, "%s: the path of an option's file is missing, or too long", r->place->path);
    else if ((rc = buf_read_file(&text, name, PLUGIN_FILE_BYTES, &err)))
        found(r, "%s", err.message);
    if (rc)
        json_write_null(w);
    else
        json_write_str(w, buf_str(&text));
    buf_free(&text);
    return rc == 0;
}

static bool read_options(struct reading *r, struct plugin *p)
{
    struct json root;
    struct json_writer w;
    bool good = true;
    if (r->place->lines)
        buf_puts(&p->lines, r->place->lines);
    r->nomem = r->nomem || p->lines.failed;
    if (!r->place->options || json_parse(str_of(r->place->options), "", &root, NULL))
        return !r->nomem;
    json_writer_init(&w, &p->options);
    json_write_object(&w);
    for (struct json_iter it = json_iter(root); good && json_next(&it);) {
        struct buf key = BUF_INIT;
        json_decode(it.key, &key);
        r->nomem = r->nomem || key.failed;
        json_write_key_str(&w, buf_str(&key));
        buf_free(&key);
        struct json path = json_get(it.value, "file");
        if (json_type(it.value) == JSON_OBJECT && json_count(it.value) == 1 && json_type(path) == JSON_STRING)
            good = write_file(r, &w, path);
        else
            json_write_raw(&w, it.value);
    }
    json_write_end(&w);
    r->nomem = r->nomem || p->options.failed;
    return good && !r->nomem;
}

/* ---- one plugin ---- */

/* True: it was added, and is not the caller's any more. */
static bool keep(struct reading *r, struct plugin *p)
{
    struct plugins *all = r->plugins;
    const struct plugin *other = plugins_find(all, p->name);
    if (other) {
        found(r, "there are two of the name \"%s\", %s and %s; leave one out", p->name, other->path, p->path);
        return false;
    }
    if (all->count >= PLUGINS_MAX) {
        found(r, "there are more than %d", PLUGINS_MAX);
        return false;
    }
    struct plugin **items = realloc(all->items, (all->count + 1) * sizeof(struct plugin *));
    if (!items) {
        r->nomem = true;
        return false;
    }
    all->items = items;
    size_t at = all->count++;
    for (; at > 0 && strcmp(items[at - 1]->name, p->name) > 0; at--)
        items[at] = items[at - 1];
    items[at] = p;
    return true;
}

static void read_plugin(struct reading *r, const char *name, const char *path)
{
    struct error err;
    if (!plugin_name_good(name)) {
        found(
            r,
            "%s: \"%.80s\" is no name for a plugin: lower-case letters, digits and dashes, at most %d, no dash at the "
            "ends",
            path, name, PLUGIN_NAME_MAX);
        return;
    }
    struct plugin *p = plugin_new(name, path);
    if (!p) {
        r->nomem = true;
        return;
    }
    p->from = r->place->file;
    p->line = r->place->line;
    int rc = plugin_is_archive(path) ? plugin_read_archive(p, &err) : plugin_read_folder(p, &err);
    if (!rc)
        rc = plugin_sum(p, &err);
    if (rc)
        found(r, "%s", err.message);
    else if (!plugin_file(p, PLUGIN_FILE))
        found(r, "%s has no %s; a plugin is a folder with one, or a .tar.gz of that", path, PLUGIN_FILE);
    else
        p->refused = !read_options(r, p);
    p->refused = p->refused || !*p->sha256 || !plugin_file(p, PLUGIN_FILE);
    if (!keep(r, p))
        plugin_free(p);
}

/* ---- a place ---- */

static bool has_file(const char *folder)
{
    char path[PATH_MAX];
    struct stat st;
    return snprintf(path, sizeof path, "%s/%s", folder, PLUGIN_FILE) < (int)sizeof path && stat(path, &st) == 0;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_archive(struct reading *r, const char *path)
{
    char name[PLUGIN_NAME_MAX + 1];
    plugin_archive_name(path, name);
    read_plugin(r, r->place->name ? r->place->name : name, path);
}

/* Each folder in it that has plugin.lua, and each archive. */
static void read_folder_of(struct reading *r, const char *folder)
{
    struct dirent **list = NULL;
    int n = scandir(folder, &list, visible, alphasort), seen = 0;
    if (n < 0)
        found(r, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        size_t len = strlen(folder);
        bool fits = snprintf(path, sizeof path, "%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/",
                             list[i]->d_name) < (int)sizeof path;
        bool archive = fits && plugin_is_archive(path);
        if (archive)
            read_archive(r, path);
        else if (fits && has_file(path))
            read_plugin(r, list[i]->d_name, path);
        seen += archive || (fits && has_file(path));
        free(list[i]);
    }
    free(list);
    if (n >= 0 && !seen)
        found(r, "%s is no plugin and holds none: a plugin is a folder with %s, or a .tar.gz of one", folder,
              PLUGIN_FILE);
}

/* The last part of the folder's path, whatever "." and links are in it. */
static void read_named_by_folder(struct reading *r, const char *path)
{
    char *real = realpath(path, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    if (slash)
        read_plugin(r, slash + 1, path);
    else
        found(r, "%s: %s", path, strerror(errno));
    free(real);
}

static void read_place(struct reading *r)
{
    struct stat st;
    const char *path = r->place->path;
    if (stat(path, &st) != 0)
        found(r, "%s: %s", path, strerror(errno));
    else if (!S_ISDIR(st.st_mode) && plugin_is_archive(path))
        read_archive(r, path);
    else if (!S_ISDIR(st.st_mode))
        found(r, "%s is no folder and no .tar.gz; a plugin is a folder with %s", path, PLUGIN_FILE);
    else if (r->place->name)
        read_plugin(r, r->place->name, path);
    else if (has_file(path))
        read_named_by_folder(r, path);
    else
        read_folder_of(r, path);
}

int plugins_read(struct plugins *plugins, const struct plugin_place *places, size_t count, plugin_finding wrong,
                 void *data)
{
    struct reading r = {.plugins = plugins, .wrong = wrong, .data = data};
    *plugins = (struct plugins){0};
    for (size_t i = 0; i < count; i++) {
        r.place = &places[i];
        read_place(&r);
    }
    return r.nomem ? ERR_NOMEM : 0;
}
