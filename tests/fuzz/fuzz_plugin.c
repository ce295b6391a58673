/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plugin's archive, and as a lock; the first byte chooses. What is taken of an archive keeps the bounds,
 * and none of its names leads out; what is refused has a message, on one line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/plugin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void told(void *data, const char *file, int line, const char *message)
{
    must(file && line >= 0 && *message);
    for (const char *c = message; *c; c++)
        must((unsigned char)*c >= ' ' && *c != 0x7f);
    ++*(int *)data;
}

static const char *write_input(const uint8_t *data, size_t size)
{
    static char path[] = "/tmp/fuzz-plugin-XXXXXX.tar.gz";
    static int fd = -1;
    if (fd < 0)
        fd = mkstemps(path, 7);
    must(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static void archive(const char *path, struct plugins *plugins)
{
    struct plugin_place place = {.name = "p", .path = path, .options = "{\"a\":1}"};
    int findings = 0;
    must(plugins_read(plugins, &place, 1, told, &findings) == 0);
    must(plugins->count == 1 && plugins->items[0]->refused == (findings > 0));
    const struct plugin *p = plugins->items[0];
    size_t bytes = 0;
    must(p->refused || plugin_file(p, PLUGIN_FILE));
    for (size_t i = 0; i < p->count; i++) {
        const char *name = p->files[i].name;
        must(*name && *name != '/' && strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 && !strstr(name, "/../"));
        must(p->refused || i == 0 || strcmp(p->files[i - 1].name, name) < 0);
        bytes += p->files[i].text.len;
    }
    must(p->count <= PLUGIN_FILES_MAX && bytes <= PLUGIN_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plugins plugins = {0};
    int findings = 0;
    if (!size)
        return 0;
    const char *path = write_input(data + 1, size - 1);
    if (data[0] & 1)
        archive(path, &plugins);
    plugin_lock_check(&plugins, path, told, &findings);
    plugins_free(&plugins);
    return 0;
}
