/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd new: a policy or a plugin to begin with, and a spec that passes. What is there is never overwritten. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_write.h"
#include "binding/modules.h"
#include "cli/plugins/cmd_plugins.h"
#include "cli/plugins/cookbook.h"
#include "cli/session/options.h"
#include "plugin/plugin.h"

/* Made by CMake from lua/templates. */
struct embedded_module {
    const char *name;
    const char *bytes;
    size_t len;
};
extern const struct embedded_module embedded_templates[]; /* ends in a NULL name */

static const struct made {
    const char *kind, *embedded, *path; /* path: below the folder, with @NAME@ */
} files[] = {
    {"policy", "policy", "@NAME@.lua"},
    {"policy", "policy_spec", "@NAME@_spec.lua"},
    {"policy", "policy_jobs", "@NAME@_jobs.yaml"}, /* of some of the cookbook's */
    {"plugin", "plugin", "@NAME@/plugin.lua"},
    {"plugin", "plugin_sizes", "@NAME@/lib/sizes.lua"},
    {"plugin", "plugin_example", "@NAME@/@NAME@.lua"},
    {"plugin", "plugin_example_spec", "@NAME@/@NAME@_spec.lua"},
    {"plugin", "plugin_readme", "@NAME@/README.md"},
};
#define FILES (sizeof files / sizeof *files)

struct making {
    const struct command *command;
    const char *kind, *name;
    const char *from;      /* a policy of the cookbook; NULL: the template */
    char folder[PATH_MAX]; /* with a slash at its end; "" for the current one */
};

static int fail(const struct making *m, const char *path, const char *why)
{
    fprintf(stderr, "mpijobd %s: %s: %s\n", m->command->name, path, why);
    return EXIT_FAILED;
}

/* The text with the name, and the path from here on, in their places. */
static void fill(struct buf *out, struct str text, const struct making *m)
{
    static const char name[] = "@NAME@", path[] = "@PATH@";
    while (text.len) {
        const char *at = memchr(text.ptr, '@', text.len);
        size_t n = at ? (size_t)(at - text.ptr) : text.len;
        buf_add(out, text.ptr, n);
        struct str rest = str_n(text.ptr + n, text.len - n);
        if (str_starts(rest, path))
            buf_puts(out, m->folder);
        if (str_starts(rest, path) || str_starts(rest, name)) {
            buf_puts(out, m->name);
            n += sizeof name - 1;
        } else if (at) {
            buf_putc(out, '@');
            n++;
        }
        text = str_n(text.ptr + n, text.len - n);
    }
}

static void path_of(const struct making *m, const struct made *f, struct buf *out)
{
    buf_reset(out);
    buf_puts(out, m->folder);
    fill(out, str_of(f->path), m);
}

static const struct embedded_module *template_of(const char *name)
{
    const struct embedded_module *t = embedded_templates;
    while (t->name && strcmp(t->name, name) != 0)
        t++;
    return t;
}

/* The folders of a path that are to be made: those below m->folder. */
static int make_folders(const struct making *m, char *path)
{
    for (char *slash = strchr(path + strlen(m->folder), '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return fail(m, path, strerror(errno));
        *slash = '/';
    }
    return EXIT_DONE;
}

/* Of a policy: "", "_spec" or "_jobs". */
static const char *part_of(const struct made *f)
{
    return f->embedded + strlen("policy");
}

static bool is_made(const struct making *m, const struct made *f)
{
    struct buf text = BUF_INIT;
    bool jobs = str_ends(str_of(f->embedded), "_jobs");
    bool made = strcmp(f->kind, m->kind) == 0 && (!jobs || (m->from && cookbook_text(m->from, "_jobs", "", &text)));
    buf_free(&text);
    return made;
}

static int write_file(const struct making *m, const char *path, const struct made *f)
{
    struct buf text = BUF_INIT;
    const struct embedded_module *from = template_of(f->embedded);
    struct str template = str_n(from->bytes, from->len);
    if (str_starts(template, "-- SPDX")) { /* what is written is the user's own */
        size_t n = strcspn(template.ptr, "\n") + 1;
        template = str_n(template.ptr + n, template.len - n);
    }
    if (m->from)
        cookbook_text(m->from, part_of(f), m->name, &text);
    else
        fill(&text, template, m);
    struct error err;
    int rc = buf_result(&text, path, &err);
    if (!rc)
        rc = file_make(path, buf_str(&text), &err);
    buf_free(&text);
    if (rc) {
        fprintf(stderr, "mpijobd %s: %s\n", m->command->name, err.message);
        return EXIT_FAILED;
    }
    puts(path);
    return EXIT_DONE;
}

/* All of them or none: nothing is written where one of them is there. */
static int check(const struct making *m)
{
    struct buf path = BUF_INIT;
    struct stat st;
    int code = EXIT_DONE;
    if (*m->folder && stat(m->folder, &st) != 0)
        return fail(m, m->folder, errno == ENOENT ? "there is no such folder; make it first" : strerror(errno));
    if (strcmp(m->kind, "plugin") == 0) { /* the whole folder is its own */
        buf_printf(&path, "%s%s", m->folder, m->name);
        if (!path.failed && lstat(path.ptr, &st) == 0)
            code = fail(m, path.ptr, "is there already; take another name");
    }
    for (size_t i = 0; i < FILES && !code; i++) {
        if (!is_made(m, &files[i]))
            continue;
        path_of(m, &files[i], &path);
        if (path.failed)
            code = fail(m, files[i].path, "out of memory");
        else if (lstat(path.ptr, &st) == 0)
            code = fail(m, path.ptr, "is there already; take another name");
    }
    buf_free(&path);
    return code;
}

static int make(const struct making *m)
{
    struct buf path = BUF_INIT;
    int code = check(m);
    for (size_t i = 0; i < FILES && !code; i++) {
        if (!is_made(m, &files[i]))
            continue;
        path_of(m, &files[i], &path);
        code = path.failed ? fail(m, files[i].path, "out of memory") : make_folders(m, path.ptr);
        if (!code)
            code = write_file(m, path.ptr, &files[i]);
    }
    buf_free(&path);
    if (!code)
        printf("\nIts spec passes: mpijobd test %s%s%s\n", m->folder, m->name,
               strcmp(m->kind, "policy") == 0 ? ".lua" : "");
    return code;
}

static bool is_module(const char *name)
{
    struct binding_module m;
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        if (m.name && strcmp(m.name, name) == 0)
            return true;
    }
    return false;
}

static int list(const struct command *command, const struct options *o)
{
    struct buf out = BUF_INIT;
    if (o->argument_count != 1 || strcmp(o->arguments[0], "policy") != 0 || o->from)
        return command_usage(command, "the cookbook is listed by new policy --list");
    cookbook_list(&out);
    fputs(out.failed ? "" : out.ptr, stdout);
    buf_free(&out);
    return EXIT_DONE;
}

static bool no_such_policy(const struct making *m, int *code)
{
    struct buf text = BUF_INIT;
    bool there = cookbook_text(m->from, "", m->name, &text);
    const char *near = there ? NULL : cookbook_nearest(m->from);
    buf_free(&text);
    if (strcmp(m->kind, "policy") != 0)
        *code = command_usage(m->command, "--from is of policies; a plugin begins with a template");
    else if (!there)
        *code = command_usage(m->command, "the cookbook has no policy \"%s\"%s%s%s; --list tells which it has", m->from,
                              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return !there || strcmp(m->kind, "policy") != 0;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct making m = {.command = command};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.list)
        return list(command, &o);
    m.from = o.from;
    const char *as = o.argument_count == 1 ? m.from : o.argument_count == 2 ? o.arguments[1] : NULL;
    if (!as || (strcmp(o.arguments[0], "policy") != 0 && strcmp(o.arguments[0], "plugin") != 0))
        return command_usage(command, "say what, and how it is to be called: policy NAME, or plugin NAME");
    m.kind = o.arguments[0];
    const char *slash = strrchr(as, '/');
    m.name = slash ? slash + 1 : as;
    if (slash && (size_t)(slash - as) + 2 > sizeof m.folder)
        return command_usage(command, "the path is too long");
    if (slash)
        snprintf(m.folder, sizeof m.folder, "%.*s/", (int)(slash - as), as);
    if (!plugin_name_good(m.name))
        return command_usage(
            command, "\"%s\" is not allowed: lower-case letters, digits and dashes, at most %d, no dash at the ends",
            m.name, PLUGIN_NAME_MAX);
    if (m.from && no_such_policy(&m, &code))
        return code;
    if (strcmp(m.kind, "plugin") == 0 && is_module(m.name))
        return command_usage(command, "\"%s\" is a module of mpijobd; a plugin needs another name", m.name);
    return make(&m);
}

const struct command cmd_new = {
    "new",
    "policy NAME [--from COOKBOOK] | policy --list | plugin NAME",
    "A policy or a plugin to begin with, and a spec that passes; nothing is overwritten",
    TAKES_NEW,
    run,
    "  mpijobd new policy tidy               tidy.lua and tidy_spec.lua\n"
    "  mpijobd new policy --list             the policies of the cookbook\n"
    "  mpijobd new policy --from free-gpus   one of them, with its spec; by another name: new policy tidy --from "
    "free-gpus\n"
    "  mpijobd new plugin plugins/job-size   a folder job-size in plugins, which is there\n"};
