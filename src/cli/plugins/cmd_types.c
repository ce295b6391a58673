/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd types: the annotations of lua/types, for the Lua language server in an editor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/plugins/cmd_plugins.h"
#include "cli/session/options.h"
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

/* Whole, or not at all: beside it first. */
static int write_file(const char *path, struct str text)
{
    char beside[PATH_MAX];
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return fail(path, "the path is too long");
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool good = fd >= 0;
    for (size_t at = 0; good && at < text.len;) {
        ssize_t n = write(fd, text.ptr + at, text.len - at);
        good = n >= 0 || errno == EINTR;
        at += n > 0 ? (size_t)n : 0;
    }
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(beside, path) != 0) {
        good = false;
        why = errno;
    }
    if (!good && fd >= 0)
        unlink(beside);
    return good ? EXIT_DONE : fail(path, strerror(why));
}

static int write_types(const char *folder)
{
    char path[PATH_MAX];
    int code = make_folder(folder);
    size_t n = 0;
    for (const struct embedded_module *m = embedded_types; m->name && !code; m++, n++) {
        snprintf(path, sizeof path, "%s/" TYPES "/%s.lua", folder, m->name);
        code = write_file(path, str_n(m->bytes, m->len));
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
    int code = rc ? fail(path, err.message) : write_file(path, buf_str(&out));
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
        code = write_file(path, str_of(FRESH));
        if (!code)
            printf("%s\n", path);
    } else {
        code = rc ? fail(path, err.message) : edit(path, buf_str(&text));
    }
    buf_free(&text);
    return code;
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
    if (o.install) {
        code = write_types(folder);
        return code ? code : write_settings(folder);
    }
    for (const struct embedded_module *m = embedded_types; m->name; m++)
        fwrite(m->bytes, 1, m->len, stdout);
    return EXIT_DONE;
}

const struct command cmd_types = {
    "types",
    "[--install [FOLDER]]",
    "The annotations of all that policies and specs have, for the Lua language server of an editor",
    TAKES_TYPES,
    run,
    "  mpijobd types --install              in the folder of the policies: .mpijobd/types, and .luarc.json, which "
    "names it\n"
    "  mpijobd types                        prints them\n"};
