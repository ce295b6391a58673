/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd types: the annotations of lua/types, for the Lua language server in an editor. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_write.h"
#include "cli/plugins/cmd_plugins.h"
#include "cli/plugins/plugin_types.h"
#include "cli/plugins/plugins_look.h"
#include "json/edit.h"

#define SETTINGS ".luarc.json"
#define TYPES ".mpijobd/types"
#define SETTINGS_MAX ((size_t)1024 * 1024)
#define FRESH                                                                                                          \
    "{\n    \"runtime.version\": \"Lua 5.4\",\n    \"runtime.builtin\": { \"io\": \"disable\", \"os\": \"disable\", "  \
    "\"debug\": \"disable\", \"package\": \"disable\" },\n    \"workspace.library\": [\"" TYPES "\"]\n}\n"

/* Made by CMake from lua/types. */
struct embedded_module {
    const char *name;
    const char *bytes;
    size_t len;
};
extern const struct embedded_module embedded_types[]; /* ends in a NULL name */

static int fail(const char *path, const char *why)
{
    fprintf(stderr, "mpijobd types: %s: %s\n", path, why);
    return EXIT_FAILED;
}

/* The folder and the one above it. */
static int make_folder(const char *folder)
{
    char path[PATH_MAX];
    struct stat is;
    static const char *const parts[] = {".mpijobd", TYPES};
    if (stat(folder, &is) != 0)
        return fail(folder, errno == ENOENT ? "there is no such folder; make it first" : strerror(errno));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return fail(path, strerror(errno));
    }
    return EXIT_DONE;
}

static int put(const char *path, struct str text)
{
    struct error err;
    if (!file_put(path, text, &err))
        return EXIT_DONE;
    fprintf(stderr, "mpijobd types: %s\n", err.message);
    return EXIT_FAILED;
}

static int write_types(const char *folder)
{
    char path[PATH_MAX];
    int code = make_folder(folder);
    size_t n = 0;
    for (const struct embedded_module *m = embedded_types; m->name && !code; m++, n++) {
        snprintf(path, sizeof path, "%s/" TYPES "/%s.lua", folder, m->name);
        code = put(path, str_n(m->bytes, m->len));
    }
    if (!code)
        printf("%s/" TYPES ": %zu files\n", folder, n);
    return code;
}

/* ---- the settings ---- */

/* Both "workspace.library" and { "workspace": { "library": ... } } are read by the language server. */
static struct json setting(struct json root, const char *flat, const char *nested, const char **pointer)
{
    struct json value = json_get(root, flat + 1);
    *pointer = flat;
    if (json_exists(value))
        return value;
    value = json_at(root, nested);
    if (json_exists(value))
        *pointer = nested;
    return value;
}

/* What is there stays; the folder is added to the libraries. */
static int edit(const char *path, struct str text)
{
    struct json root;
    struct json_edits edits = {0};
    struct buf out = BUF_INIT;
    struct error err;
    const char *pointer;
    char last[64];
    int rc = json_parse(text, path, &root, &err);
    if (rc || json_type(root) != JSON_OBJECT)
        return fail(path, "it is no plain JSON object; add \"" TYPES "\" to its workspace.library by hand");
    struct json library = setting(root, "/workspace.library", "/workspace/library", &pointer);
    for (struct json_iter it = json_iter(library); json_next(&it);) {
        if (json_string_is(it.value, str_of(TYPES))) {
            printf("%s: it names them already\n", path);
            return EXIT_DONE;
        }
    }
    if (json_exists(library) && json_type(library) != JSON_ARRAY)
        return fail(path, "its workspace.library is no list; write [\"" TYPES "\"]");
    snprintf(last, sizeof last, "%s/-", pointer);
    json_edit_set_string(&edits, last, str_of(TYPES));
    if (!json_exists(setting(root, "/runtime.version", "/runtime/version", &pointer)))
        json_edit_set_string(&edits, pointer, str_of("Lua 5.4"));
    rc = json_edit_apply(&edits, root, &out, &err);
    if (!rc)
        rc = buf_result(&out, path, &err);
    if (!rc && text.ptr[text.len - 1] == '\n' && out.len && out.ptr[out.len - 1] != '\n')
        buf_putc(&out, '\n');
    int code = rc ? fail(path, err.message) : put(path, buf_str(&out));
    if (!code)
        printf("%s: they are added to workspace.library\n", path);
    json_edits_free(&edits);
    buf_free(&out);
    return code;
}

static int write_settings(const char *folder)
{
    char path[PATH_MAX];
    struct buf text = BUF_INIT;
    struct error err;
    snprintf(path, sizeof path, "%s/" SETTINGS, folder);
    int rc = buf_read_file(&text, path, SETTINGS_MAX, &err), code;
    if (rc == ERR_NOT_FOUND || (!rc && !str_trim(buf_str(&text)).len)) {
        code = put(path, str_of(FRESH));
        if (!code)
            printf("%s\n", path);
    } else {
        code = rc ? fail(path, err.message) : edit(path, buf_str(&text));
    }
    buf_free(&text);
    return code;
}

/* ---- those of plugins ---- */

struct asked {
    struct session s;
    const char *folder; /* NULL: they are printed */
};

static void looked(void *data, const struct policy_set *set, size_t wrong)
{
    struct asked *a = data;
    struct buf out = BUF_INIT;
    char path[PATH_MAX];
    if (wrong)
        error_set(&a->s.error, ERR_INVALID, "%zu error%s in the plugins; those that can be used are there", wrong,
                  wrong == 1 ? "" : "s");
    if (a->folder) {
        snprintf(path, sizeof path, "%s/" TYPES "/plugins", a->folder);
        (void)plugin_types_install(set, path, &a->s.error); /* the error is told at the end */
        return;
    }
    plugin_types_all(&out, set);
    fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
    buf_free(&out);
}

/* Of the configuration that is named, or that stands in the folder; without one nothing is added. */
static int plugins_too(const struct options *options, const char *folder)
{
    static char *none[] = {NULL};
    char path[PATH_MAX];
    struct options o = *options;
    struct asked a = {.folder = o.install ? folder : NULL};
    snprintf(path, sizeof path, "%s/mpijobd.yaml", folder);
    if (!o.config && access(path, F_OK) != 0)
        return EXIT_DONE;
    o.config = o.config ? o.config : path;
    int code = session_open(&a.s, "types", &o);
    return code ? code : session_close(&a.s, plugins_look(&a.s, none, true, looked, &a));
}

/* ---- the command ---- */

static int run(int argc, char **argv, const struct command *command)
{
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    const char *folder = o.argument_count ? o.arguments[0] : ".";
    if (o.argument_count > 1 || (o.argument_count && !o.install))
        return command_usage(command, "it takes --install, and one folder at most");
    if (strlen(folder) + 64 > PATH_MAX)
        return command_usage(command, "the path is too long");
    for (const struct embedded_module *m = embedded_types; m->name && !o.install; m++)
        fwrite(m->bytes, 1, m->len, stdout);
    if (!o.install)
        return plugins_too(&o, folder);
    code = write_types(folder);
    if (code)
        return code;
    int plugins = plugins_too(&o, folder);
    code = write_settings(folder);
    return code ? code : plugins;
}

const struct command cmd_types = {
    "types",
    "[--install [FOLDER]] [--config FILE]",
    "The annotations of all that policies and specs have, plugins too, for the Lua language server of an editor",
    TAKES_TYPES | TAKES_POLICIES,
    run,
    "  mpijobd types --install              in the folder of the policies: .mpijobd/types, and .luarc.json, which "
    "names it;\n"
    "                                       of plugins where --config names them, or a mpijobd.yaml in the folder\n"
    "  mpijobd types                        prints them\n"};
