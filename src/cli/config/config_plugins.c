/* SPDX-License-Identifier: Apache-2.0 */
/* The key `plugins`: where they are, and their options. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/config/config_parts.h"
#include "yaml/convert.h"
#include "json/write.h"

static struct plugin_place *add(struct config_reading *r, const char *at)
{
    struct config *c = r->config;
    struct plugin_place *places = realloc(c->plugins, (c->plugin_count + 1) * sizeof *places);
    if (!places)
        return NULL;
    c->plugins = places;
    struct plugin_place *p = &places[c->plugin_count++];
    *p = (struct plugin_place){.file = c->file, .line = yaml_pointer_line(buf_str(&r->text), at)};
    return p;
}

static int set_path(struct config_reading *r, const char *at, struct json value, const char **path)
{
    if (json_type(value) != JSON_STRING)
        return config_wrong(r, at, "%s; it has to be the path of a plugin's folder",
                            json_exists(value) ? "is no text" : "is missing");
    *path = config_path(r, value);
    return *path ? 0 : error_nomem(r->err);
}

/* The options as they are, but for { file: PATH }, whose path is made one from here on; and the line of each. */
static int read_options(struct config_reading *r, const char *at, struct json map, struct plugin_place *p)
{
    struct buf options = BUF_INIT, lines = BUF_INIT;
    struct json_writer w, l;
    char pointer[512];
    json_writer_init(&w, &options);
    json_writer_init(&l, &lines);
    json_write_object(&w);
    json_write_object(&l);
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        char *key = config_decode(it.key), *path = NULL;
        struct json file = json_get(it.value, "file");
        snprintf(pointer, sizeof pointer, "%s/config/%s", at, key ? key : "");
        json_write_key(&l, key ? key : "");
        json_write_int(&l, yaml_pointer_line(buf_str(&r->text), pointer));
        json_write_key(&w, key ? key : "");
        if (json_type(file) == JSON_STRING && json_count(it.value) == 1)
            path = config_path(r, file);
        if (path) {
            json_write_object(&w);
            json_write_key(&w, "file");
            json_write_string(&w, path);
            json_write_end(&w);
        } else {
            json_write_raw(&w, it.value);
        }
        options.failed = options.failed ? options.failed : key ? 0 : ERR_NOMEM;
        free(key);
        free(path);
    }
    json_write_end(&w);
    json_write_end(&l);
    p->options = buf_take(&options, NULL);
    p->lines = buf_take(&lines, NULL);
    return p->options && p->lines ? 0 : error_nomem(r->err);
}

static int read_map(struct config_reading *r, const char *at, struct json map, struct plugin_place *p)
{
    static const char *const keys[] = {"path", "config", NULL};
    char pointer[512];
    int found = 0;
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        char *key = config_decode(it.key);
        if (!key)
            return error_nomem(r->err);
        snprintf(pointer, sizeof pointer, "%s/%s", at, key);
        const char *near = str_nearest(key, keys);
        if (strcmp(key, "path") != 0 && strcmp(key, "config") != 0)
            found = config_wrong(r, pointer, "is not a key of a plugin%s%s%s; there are path and config",
                                 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
        free(key);
    }
    struct json config = json_get(map, "config");
    snprintf(pointer, sizeof pointer, "%s/config", at);
    if (json_type(config) == JSON_OBJECT) {
        int rc = read_options(r, at, config, p);
        found = rc ? rc : found;
    } else if (json_exists(config) && json_type(config) != JSON_NULL) {
        found = config_wrong(r, pointer, "has to hold the plugin's options, as in `config: { currency: EUR }`");
    }
    snprintf(pointer, sizeof pointer, "%s/path", at);
    struct json path = json_get(map, "path");
    int rc = set_path(r, json_exists(path) ? pointer : at, path, &p->path);
    return rc ? rc : found;
}

static int read_named(struct config_reading *r, struct json key, struct json value)
{
    char at[256];
    char *name = config_decode(key);
    if (!name)
        return error_nomem(r->err);
    snprintf(at, sizeof at, "/plugins/%.200s", name);
    if (!plugin_name_good(name)) {
        free(name);
        return config_wrong(r, at, "is no name for a plugin: lower-case letters, digits and dashes, at most 63");
    }
    struct plugin_place *p = add(r, at);
    if (!p) {
        free(name);
        return error_nomem(r->err);
    }
    p->name = name;
    if (json_type(value) == JSON_OBJECT)
        return read_map(r, at, value, p);
    return set_path(r, at, value, &p->path);
}

/* A list of paths, or a map of names. */
int config_read_plugins(struct config_reading *r, struct json value)
{
    int found = 0;
    char at[64];
    size_t n = 0;
    if (json_type(value) != JSON_ARRAY && json_type(value) != JSON_OBJECT)
        return config_wrong(r, "/plugins",
                            "has to be a list of folders, or a map of names, as in `plugins: { gpu-cost: { path: "
                            "plugins/gpu-cost, config: { currency: EUR } } }`");
    struct buf lock = BUF_INIT;
    buf_printf(&lock, "%splugins.lock", r->folder);
    free(r->config->plugins_lock); /* a key that stands twice */
    r->config->plugins_lock = buf_take(&lock, NULL);
    if (!r->config->plugins_lock)
        return error_nomem(r->err);
    for (struct json_iter it = json_iter(value); json_next(&it); n++) {
        int rc;
        snprintf(at, sizeof at, "/plugins/%zu", n);
        if (json_type(value) == JSON_OBJECT) {
            rc = read_named(r, it.key, it.value);
        } else {
            struct plugin_place *p = add(r, at);
            rc = p ? set_path(r, at, it.value, &p->path) : error_nomem(r->err);
        }
        if (rc && rc != ERR_INVALID)
            return rc;
        found = rc ? rc : found;
    }
    return found;
}

void config_free_plugins(struct config *c)
{
    for (size_t i = 0; i < c->plugin_count; i++) {
        const struct plugin_place *p = &c->plugins[i];
        const char *const texts[] = {p->name, p->path, p->options, p->lines};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            free((char *)(uintptr_t)texts[k]);
    }
    free(c->plugins);
    free(c->plugins_lock);
}
