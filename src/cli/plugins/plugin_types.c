/* SPDX-License-Identifier: Apache-2.0 */
/* From what a plugin says of itself to annotations. */
#include "cli/plugins/plugin_types.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_write.h"
#include "base/visible.h"
#include "cli/plugins/plugins_look.h"

#define MARK "\n-- Written by mpijobd plugins types: for an editor; the program never reads it.\n"
#define TAIL "local exports = {}\nreturn exports\n" /* by it the class is that of the module */

void plugin_put(struct buf *out, struct json v)
{
    struct buf text = BUF_INIT;
    if (!json_decode(v, &text))
        buf_add_str(&text, v.text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n' || text.ptr[i] == '\t')
            text.ptr[i] = ' ';
    }
    visible_add(out, buf_str(&text));
    out->failed = out->failed || text.failed;
    buf_free(&text);
}

/* "mpijobd.plugin.gpu_cost", with what follows it. */
static void put_class(struct buf *out, const struct plugin *p, const char *more)
{
    buf_puts(out, "mpijobd.plugin.");
    for (const char *c = p->name; *c; c++)
        buf_putc(out, *c == '-' ? '_' : *c);
    buf_puts(out, more);
}

/* The type of an option or a field, in the language server's words. */
static void put_type(struct buf *out, struct json spec)
{
    static const struct {
        const char *type, *shown;
    } names[] = {{"duration", "string|integer"}, {"list", "string[]"}};
    struct json values = json_get(spec, "values");
    const char *sign = "";
    for (struct json_iter it = json_iter(values); json_next(&it); sign = "|") {
        buf_puts(out, sign);
        buf_add_str(out, it.value.text); /* JSON's texts and numbers are Lua's, too */
    }
    if (*sign)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (json_string_is(json_get(spec, "type"), str_of(names[i].type))) {
            buf_puts(out, names[i].shown);
            return;
        }
    }
    plugin_put(out, json_get(spec, "type"));
}

static void put_about(struct buf *out, struct json spec)
{
    struct json otherwise = json_get(spec, "default");
    if (json_exists(json_get(spec, "about"))) {
        buf_putc(out, ' ');
        plugin_put(out, json_get(spec, "about"));
    }
    if (json_exists(otherwise)) {
        buf_puts(out, " (default ");
        buf_add_str(out, otherwise.text);
        buf_putc(out, ')');
    }
    buf_putc(out, '\n');
}

/* "---@field NAME": false where the name cannot stand in an annotation. */
static bool put_field(struct buf *out, struct json name)
{
    char text[128];
    if (json_string_at(name, "", text, sizeof text) || !*text || strspn(text, "0123456789") ||
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
        return false;
    buf_printf(out, "---@field %s", text);
    return true;
}

static void put_options(struct buf *out, const struct plugin *p, struct json options)
{
    if (!json_count(options))
        return;
    buf_puts(out, "---Its options: `plugins` in the configuration, and `plugin.config` in its own files.\n---@class ");
    put_class(out, p, ".config\n");
    for (struct json_iter it = json_iter(options); json_next(&it);) {
        if (!put_field(out, json_get(it.value, "name")))
            continue;
        buf_puts(out, json_is_true(json_get(it.value, "optional")) ? "? " : " ");
        put_type(out, it.value);
        put_about(out, it.value);
    }
    buf_putc(out, '\n');
}

/* Conditions and sinks go into classes that are there already, which the language server takes together. */
static void put_additions(struct buf *out, struct json list, const char *class, const char *type)
{
    if (!json_count(list))
        return;
    buf_printf(out, "---@class %s\n", class);
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (!put_field(out, json_get(it.value, "name")))
            continue;
        buf_puts(out, type);
        put_about(out, it.value);
    }
    buf_putc(out, '\n');
}

static void put_kind_class(struct buf *out, const struct plugin *p, struct json kind, const char *more)
{
    put_class(out, p, ".");
    plugin_put(out, json_get(kind, "name"));
    buf_puts(out, more);
}

static void put_kind(struct buf *out, const struct plugin *p, struct json kind)
{
    static const struct {
        const char *more, *of;
    } classes[] = {{"", " : mpijobd.PluginObject\n"}, {".changes", "\n"}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        buf_puts(out, "---@class ");
        put_kind_class(out, p, kind, classes[i].more);
        buf_puts(out, classes[i].of);
        for (struct json_iter it = json_iter(json_get(kind, "fields")); json_next(&it);) {
            if (!put_field(out, json_get(it.value, "name")))
                continue;
            buf_puts(out, "? ");
            put_type(out, it.value);
            buf_puts(out, i ? "|mpijobd.Remove" : "");
            put_about(out, it.value);
        }
        buf_puts(out, i ? "---@field labels? table<string, string|mpijobd.Remove>\n"
                          "---@field annotations? table<string, string|mpijobd.Remove>\n\n"
                        : "\n");
    }
    buf_puts(out, "---@class ");
    put_kind_class(out, p, kind, ".module : mpijobd.PluginKindModule\n---@field get fun(key: string): ");
    put_kind_class(out, p, kind, "?, mpijobd.Error?\n---@field list fun(options?: table): fun(): ");
    put_kind_class(out, p, kind, "?\n---@field replace fun(target: ");
    put_kind_class(out, p, kind, "|string, changes: ");
    put_kind_class(out, p, kind, ".changes|fun(object: ");
    put_kind_class(out, p, kind, "): ");
    put_kind_class(out, p, kind, ".changes?, options?: mpijobd.PatchOptions): mpijobd.VerbResult?, mpijobd.Error?\n\n");
}

static void put_exports(struct buf *out, const struct plugin *p, struct json said)
{
    buf_puts(out, "---@class ");
    put_class(out, p, "\n");
    for (struct json_iter it = json_iter(json_get(said, "exports")); json_next(&it);) {
        if (!put_field(out, json_get(it.value, "name")))
            continue;
        bool function = json_string_is(json_get(it.value, "type"), str_of("function"));
        buf_putc(out, ' ');
        if (function)
            buf_puts(out, "fun(...): any, any");
        else
            plugin_put(out, json_get(it.value, "type"));
        buf_putc(out, '\n');
    }
    for (struct json_iter it = json_iter(json_get(said, "kinds")); json_next(&it);) {
        if (!put_field(out, json_get(it.value, "name")))
            continue;
        buf_putc(out, ' ');
        put_kind_class(out, p, it.value, ".module");
        put_about(out, it.value);
    }
    buf_puts(out, TAIL);
}

void plugin_types_write(struct buf *out, const struct plugin *p, struct json said)
{
    buf_printf(out, "---@meta %s" MARK, p->name);
    if (json_exists(json_get(said, "about"))) {
        buf_puts(out, "-- ");
        plugin_put(out, json_get(said, "about"));
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
    put_options(out, p, json_get(said, "config"));
    put_additions(out, json_get(said, "conditions"), "mpijobd.PolicyMatch", "? any");
    put_additions(out, json_get(said, "sinks"), "notifylib",
                  " fun(notification: mpijobd.Notification): boolean?, mpijobd.Error?");
    for (struct json_iter it = json_iter(json_get(said, "kinds")); json_next(&it);)
        put_kind(out, p, it.value);
    put_exports(out, p, said);
}

void plugin_types_all(struct buf *out, const struct policy_set *set)
{
    for (size_t i = 0; i < set->plugins.count; i++) {
        const struct plugin *p = set->plugins.items[i];
        if (!json_exists(plugin_said(p)))
            continue;
        plugin_types_write(out, p, plugin_said(p));
        if (!out->failed)
            out->len -= sizeof TAIL - 1; /* they are one file, in which nothing may come behind a return */
    }
}

/* Was it written here, for a plugin that there is no more? */
static bool is_old(const struct policy_set *set, const char *path, const char *file)
{
    char name[PLUGIN_NAME_MAX + 1], head[256];
    size_t n = strlen(file);
    if (n <= 4 || n - 4 >= sizeof name || strcmp(file + n - 4, ".lua") != 0)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(n - 4), file);
    FILE *f = plugins_find(&set->plugins, name) ? NULL : fopen(path, "re");
    if (!f)
        return false;
    head[fread(head, 1, sizeof head - 1, f)] = '\0';
    fclose(f);
    const char *mark = strchr(head, '\n');
    return strncmp(head, "---@meta ", 9) == 0 && mark && strncmp(mark, MARK, sizeof MARK - 1) == 0;
}

static void remove_old(const struct policy_set *set, const char *folder, struct buf *path)
{
    DIR *d = opendir(folder);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        buf_reset(path);
        buf_printf(path, "%s/%s", folder, e->d_name);
        if (!path->failed && is_old(set, path->ptr, e->d_name) && unlink(path->ptr) == 0)
            printf("%s is removed: there is no such plugin any more\n", path->ptr);
    }
    if (d)
        closedir(d);
}

int plugin_types_install(const struct policy_set *set, const char *folder, struct error *err)
{
    struct buf path = BUF_INIT, text = BUF_INIT;
    int rc = set->plugins.count && mkdir(folder, 0777) != 0 && errno != EEXIST
                 ? error_set(err, ERR_IO, "%s: %s", folder, strerror(errno))
                 : 0;
    if (!rc)
        remove_old(set, folder, &path);
    for (size_t i = 0; i < set->plugins.count && !rc; i++) {
        const struct plugin *p = set->plugins.items[i];
        if (!json_exists(plugin_said(p)))
            continue;
        buf_reset(&path);
        buf_reset(&text);
        buf_printf(&path, "%s/%s.lua", folder, p->name);
        plugin_types_write(&text, p, plugin_said(p));
        rc = path.failed || text.failed ? error_nomem(err) : file_put(path.ptr, buf_str(&text), err);
        if (!rc)
            printf("%s is written\n", path.ptr);
    }
    buf_free(&path);
    buf_free(&text);
    return rc;
}
