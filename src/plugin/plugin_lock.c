/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.lock: a line for each plugin, "name version sha256:HEX". Where the file is there, the plugins have to be the
 * ones that it names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "plugin/plugin_parts.h"

#define LOCK_BYTES 65536
#define CURE "if that is meant, mpijobd plugins lock writes it again"

struct line {
    char name[PLUGIN_NAME_MAX + 1], version[80], sha256[65];
};

/* The next word of the line, at *at; "" at its end. False: it is too long. */
static bool word(const char **at, const char *end, char *out, size_t size)
{
    while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
        ++*at;
    size_t n = 0;
    while (*at < end && **at != ' ' && **at != '\t' && **at != '\r') {
        if (n + 1 >= size)
            return false;
        out[n++] = *(*at)++;
    }
    out[n] = '\0';
    return true;
}

static bool read_line(const char *at, const char *end, struct line *line)
{
    char sum[80], rest[2];
    if (!word(&at, end, line->name, sizeof line->name) || !word(&at, end, line->version, sizeof line->version) ||
        !word(&at, end, sum, sizeof sum) || !word(&at, end, rest, sizeof rest) || *rest)
        return false;
    if (strncmp(sum, "sha256:", 7) != 0 || strlen(sum + 7) != 64 || strspn(sum + 7, "0123456789abcdef") != 64)
        return false;
    memcpy(line->sha256, sum + 7, 65);
    return plugin_name_good(line->name);
}

/* The words of the file may hold anything. */
static void tell(plugin_finding wrong, void *data, const char *path, int number, const char *text)
{
    struct buf shown = BUF_INIT;
    plugin_show(&shown, text);
    wrong(data, path, number, shown.failed || !shown.ptr ? "out of memory" : shown.ptr);
    buf_free(&shown);
}

static void check_line(struct plugins *plugins, const struct line *line, const char *path, int number,
                       plugin_finding wrong, void *data)
{
    char text[512];
    struct plugin *p = plugins_find(plugins, line->name);
    if (!p) {
        snprintf(text, sizeof text, "the plugin %s %s is not there any more; " CURE, line->name, line->version);
    } else if (p->locked) {
        snprintf(text, sizeof text, "the plugin %s has two lines; " CURE, line->name);
    } else {
        p->locked = true;
        if (p->refused || strcmp(p->sha256, line->sha256) == 0)
            return;
        p->refused = true;
        snprintf(
            text, sizeof text,
            "the plugin %s is not the one that was locked, version %s: its files have changed (sha256:%.12s...); " CURE,
            line->name, line->version, p->sha256);
    }
    tell(wrong, data, path, number, text);
}

static void check_missing(struct plugins *plugins, const char *path, plugin_finding wrong, void *data)
{
    char text[512];
    for (size_t i = 0; i < plugins->count; i++) {
        struct plugin *p = plugins->items[i];
        if (p->locked || p->refused)
            continue;
        p->refused = true;
        snprintf(text, sizeof text, "the plugin %s is not in it; " CURE, p->name);
        tell(wrong, data, path, 0, text);
    }
}

void plugin_lock_check(struct plugins *plugins, const char *path, plugin_finding wrong, void *data)
{
    struct buf text = BUF_INIT;
    struct error err;
    struct line line;
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT) /* a link that leads nowhere is a lock that is lost, not none */
        return;
    if (buf_read_file(&text, path, LOCK_BYTES, &err)) {
        for (size_t i = 0; i < plugins->count; i++)
            plugins->items[i]->refused = true;
        tell(wrong, data, path, 0, err.message);
        buf_free(&text);
        return;
    }
    const char *at = text.ptr, *end = at ? at + text.len : NULL;
    for (int number = 1; at && at < end; number++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        const char *stop = next ? next : end;
        struct str trimmed = str_trim(str_n(at, (size_t)(stop - at)));
        if (trimmed.len && trimmed.ptr[0] != '#') {
            if (read_line(at, stop, &line))
                check_line(plugins, &line, path, number, wrong, data);
            else
                wrong(data, path, number,
                      "is no line of a lock, NAME VERSION sha256:HEX; mpijobd plugins lock writes them");
        }
        at = next ? next + 1 : end;
    }
    check_missing(plugins, path, wrong, data);
    buf_free(&text);
}

void plugin_lock_add(struct buf *out, const struct plugin *p, const char *version)
{
    if (!out->len)
        buf_puts(out, "# Written by mpijobd plugins lock: the plugins that are meant, and the sums of their files.\n");
    buf_printf(out, "%s %s sha256:%s\n", p->name, version, p->sha256);
}
