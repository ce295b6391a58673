/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd plugins: what the configuration's plugins are, who requires them, and the lock on them. */
#include <stdio.h>
#include <string.h>

#include "base/file_write.h"
#include "cli/plugins/cmd_plugins.h"
#include "cli/plugins/plugin_types.h"
#include "cli/plugins/plugins_look.h"
#include "json/write.h"

struct listing_of_plugins {
    struct session s;
    bool lock;
    const char *types; /* the folder for annotations; NULL: not asked for */
    struct buf text;   /* the lock's */
};

static const char *lock_state(const struct plugin *p)
{
    return p->refused ? "refused" : p->locked ? "locked" : "none";
}

/* Calls visit for each policy whose file requires the plugin. */
static void each_user(const struct policy_set *set, const struct plugin *p,
                      void (*visit)(void *data, const struct policy *policy), void *data)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct policy_file *f = set->entries[i].file;
        for (size_t k = 0; k < f->required_count; k++) {
            if (f->required[k] == p)
                visit(data, set->entries[i].policy);
        }
    }
}

/* ---- for people ---- */

/* "a, b": of each element the member, or the element itself. */
static void put_list(struct buf *out, struct json list, const char *member)
{
    const char *sign = "";
    for (struct json_iter it = json_iter(list); json_next(&it); sign = ", ") {
        buf_puts(out, sign);
        plugin_put(out, member ? json_get(it.value, member) : it.value);
    }
}

static void put_options(struct buf *out, struct json options)
{
    for (struct json_iter it = json_iter(options); json_next(&it);) {
        struct json about = json_get(it.value, "about"), otherwise = json_get(it.value, "default");
        buf_puts(out, "  option     ");
        plugin_put(out, json_get(it.value, "name"));
        buf_putc(out, ' ');
        plugin_put(out, json_get(it.value, "type"));
        if (json_exists(otherwise)) {
            buf_puts(out, ", default ");
            buf_add_str(out, otherwise.text);
        } else if (json_is_true(json_get(it.value, "optional"))) {
            buf_puts(out, ", may be left out");
        }
        buf_puts(out, json_is_true(json_get(it.value, "set")) ? " (set)" : "");
        if (json_exists(about)) {
            buf_puts(out, ": ");
            plugin_put(out, about);
        }
        buf_putc(out, '\n');
    }
}

static void put_needs(struct buf *out, struct json needs)
{
    for (struct json_iter it = json_iter(json_get(needs, "api")); json_next(&it);) {
        buf_puts(out, "  needs      ");
        put_list(out, json_get(it.value, "verbs"), NULL);
        buf_puts(out, " of ");
        plugin_put(out, json_get(it.value, "resource"));
        buf_putc(out, '\n');
    }
    static const char *const kinds[][2] = {{"hosts", "to ask "}, {"secrets", "the secrets "}};
    for (int i = 0; i < 2; i++) {
        struct json list = json_get(needs, kinds[i][0]);
        if (!json_count(list))
            continue;
        buf_printf(out, "  needs      %s", kinds[i][1]);
        put_list(out, list, NULL);
        buf_putc(out, '\n');
    }
}

/* "kind       trainjob (TrainJob of trainer.kubeflow.org/v1alpha1): suspend" */
static void put_kinds(struct buf *out, struct json kinds)
{
    for (struct json_iter it = json_iter(kinds); json_next(&it);) {
        struct json group = json_get(it.value, "group");
        buf_puts(out, "  kind       ");
        plugin_put(out, json_get(it.value, "name"));
        buf_puts(out, " (");
        plugin_put(out, json_get(it.value, "kind"));
        buf_puts(out, " of ");
        if (!json_string_is(group, str_of(""))) {
            plugin_put(out, group);
            buf_putc(out, '/');
        }
        put_list(out, json_get(it.value, "versions"), NULL);
        buf_puts(out, "): ");
        put_list(out, json_get(it.value, "fields"), "name");
        buf_putc(out, '\n');
    }
}

static void put_user(void *data, const struct policy *policy)
{
    struct buf *out = data;
    buf_printf(out, "%s%s", out->len ? ", " : "", policy->name);
}

static void put_plugin(struct buf *out, const struct policy_set *set, const struct plugin *p)
{
    struct json root = plugin_said(p);
    struct buf users = BUF_INIT;
    char version[80];
    bool good = json_string_at(root, "/version", version, sizeof version) == 0;
    buf_printf(out, "%s %s  %s\n", p->name, good ? version : "cannot be used", p->path);
    if (json_exists(json_get(root, "about"))) {
        buf_puts(out, "  ");
        plugin_put(out, json_get(root, "about"));
        buf_putc(out, '\n');
    }
    put_options(out, json_get(root, "config"));
    static const char *const lists[][2] = {{"exports", "exports"},
                                           {"conditions", "conditions"},
                                           {"sinks", "sinks"},
                                           {"columns", "columns"},
                                           {"calendars", "calendars"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!json_count(json_get(root, lists[i][0])))
            continue;
        buf_printf(out, "  %-10s ", lists[i][1]);
        put_list(out, json_get(root, lists[i][0]), "name");
        buf_putc(out, '\n');
    }
    put_kinds(out, json_get(root, "kinds"));
    put_needs(out, json_get(root, "needs"));
    each_user(set, p, put_user, &users);
    buf_printf(out, "  used by    %s\n", users.len ? users.ptr : "no policy");
    const char *as_locked = !p->locked ? "" : p->refused ? " (not as in plugins.lock)" : " (as in plugins.lock)";
    if (*p->sha256)
        buf_printf(out, "  sha256     %s%s\n", p->sha256, as_locked);
    buf_free(&users);
}

/* ---- for programs ---- */

static void write_user(void *data, const struct policy *policy)
{
    json_write_string(data, policy->name);
}

static void write_plugin(struct json_writer *w, const struct policy_set *set, const struct plugin *p)
{
    static const char *const members[] = {"version", "api",   "about",   "config",    "exports", "conditions",
                                          "sinks",   "kinds", "columns", "calendars", "needs"};
    struct json root = plugin_said(p);
    json_write_object(w);
    json_write_key(w, "name");
    json_write_string(w, p->name);
    json_write_key(w, "path");
    json_write_string(w, p->path);
    json_write_key(w, "usable");
    json_write_bool(w, json_exists(root));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct json v = json_get(root, members[i]);
        if (!json_exists(v))
            continue;
        json_write_key(w, members[i]);
        json_write_raw(w, v);
    }
    json_write_key(w, "sha256");
    json_write_string(w, p->sha256);
    json_write_key(w, "lock");
    json_write_string(w, lock_state(p));
    json_write_key(w, "policies");
    json_write_array(w);
    each_user(set, p, write_user, w);
    json_write_end(w);
    json_write_end(w);
}

/* ---- all of them ---- */

/* Where were they looked for? */
static void tell_none(const struct config *config)
{
    if (config->file)
        fprintf(stderr, "There are no plugins: %s names none under `plugins`.\n", config->file);
    else
        fputs("There are no plugins: no configuration was read, as there is no " CONFIG_DEFAULT_FILE
              "; --config FILE names another.\n",
              stderr);
}

static void print(const struct listing_of_plugins *l, const struct policy_set *set)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    bool json = l->s.options.output == OUTPUT_JSON, names = l->s.options.output == OUTPUT_NAME;
    json_writer_init(&w, &out);
    if (json)
        json_write_array(&w);
    for (size_t i = 0; i < set->plugins.count; i++) {
        const struct plugin *p = set->plugins.items[i];
        if (json)
            write_plugin(&w, set, p);
        else if (names)
            buf_printf(&out, "%s\n", p->name);
        else
            put_plugin(&out, set, p);
    }
    if (json)
        json_write_end(&w);
    if (!out.failed && out.len)
        printf("%s%s", out.ptr, json ? "\n" : "");
    if (!json && !set->plugins.count && !set->error_count)
        tell_none(&l->s.config);
    buf_free(&out);
}

static void make_lock(struct listing_of_plugins *l, const struct policy_set *set)
{
    buf_puts(&l->text, "");
    for (size_t i = 0; i < set->plugins.count; i++) {
        char version[80];
        if (json_string_at(plugin_said(set->plugins.items[i]), "/version", version, sizeof version) == 0)
            plugin_lock_add(&l->text, set->plugins.items[i], version);
    }
}

static void looked(void *data, const struct policy_set *set, size_t wrong)
{
    struct listing_of_plugins *l = data;
    if (wrong)
        error_set(&l->s.error, ERR_INVALID, "%zu error%s%s", wrong, wrong == 1 ? "" : "s",
                  l->lock ? "; the lock stays as it is" : "");
    if (l->lock)
        make_lock(l, set);
    else if (l->types)
        (void)plugin_types_install(set, l->types, &l->s.error); /* the error is told at the end */
    else
        print(l, set);
}

static int finish_lock(struct listing_of_plugins *l)
{
    struct session *s = &l->s;
    if (l->text.failed || file_put(s->config.plugins_lock, buf_str(&l->text), &s->error))
        return session_fail(s, l->text.failed ? (error_nomem(&s->error), &s->error) : &s->error);
    printf("%s is written\n", s->config.plugins_lock);
    return EXIT_DONE;
}

static int look(struct listing_of_plugins *l, char **paths)
{
    static char *none[] = {NULL};
    const struct config *config = &l->s.config;
    if (!paths[0])
        paths = config->policies && !l->lock && !l->types ? config->policies : none;
    int code = plugins_look(&l->s, paths, !l->lock, looked, l);
    return code || !l->lock ? code : finish_lock(l);
}

static int run(int argc, char **argv, const struct command *command)
{
    struct listing_of_plugins l = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    l.lock = o.argument_count && strcmp(o.arguments[0], "lock") == 0;
    if (l.lock && o.argument_count > 1)
        return command_usage(command, "lock is of all plugins, and takes no \"%s\"", o.arguments[1]);
    if (o.argument_count && strcmp(o.arguments[0], "types") == 0) {
        if (o.argument_count != 2)
            return command_usage(command, "types takes the folder that it writes to, as in types .mpijobd/types");
        l.types = o.arguments[1];
    }
    if (o.output == OUTPUT_YAML)
        return command_usage(command, "-o takes table, json or name here");
    code = session_open(&l.s, command->name, &o);
    if (code)
        return code;
    if (l.lock && !l.s.config.plugins_lock) {
        error_set(&l.s.error, ERR_INVALID, "there is nothing to lock: %s%s",
                  l.s.config.file ? l.s.config.file : "no configuration was read, as there is no " CONFIG_DEFAULT_FILE,
                  l.s.config.file ? " names none under `plugins`" : "; --config FILE names another");
        return session_close(&l.s, session_fail(&l.s, &l.s.error));
    }
    code = look(&l, o.arguments + (l.lock ? 1 : l.types ? 2 : 0));
    buf_free(&l.text);
    return session_close(&l.s, code);
}

const struct command cmd_plugins = {
    "plugins",
    "[PATH... | lock | types FOLDER] [-o json]",
    "The configuration's plugins: what they are, what they need, and which policies use them; the lock on them",
    TAKES_OUTPUT | TAKES_POLICIES,
    run,
    "  mpijobd plugins --config mpijobd.yaml\n"
    "  mpijobd plugins lock           writes plugins.lock beside the configuration: name, version and sum of each;\n"
    "                                 from then on another plugin is an error\n"
    "  mpijobd plugins types FOLDER   writes annotations for an editor: options, exports, conditions, kinds\n"};
