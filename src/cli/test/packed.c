/* SPDX-License-Identifier: Apache-2.0 */
/* Packed plugins for `mpijobd test`. Their files are read as a daemon reads them, with its bounds: none of their names
 * leads out of the folder. */
#include "cli/test/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "plugin/plugin.h"

static void wrong(void *data, const char *file, int line, const char *message)
{
    (void)file;
    (void)line;
    if (!((struct error *)data)->code)
        error_set(data, ERR_INVALID, "%s", message);
}

static int make_folder(struct packed *p, struct error *err)
{
    const char *under = getenv("TMPDIR");
    char path[PATH_MAX];
    if (p->folder)
        return 0;
    snprintf(path, sizeof path, "%s/mpijobd-test-XXXXXX", under && *under ? under : "/tmp");
    if (!mkdtemp(path))
        return error_set(err, ERR_IO, "%s: %s; TMPDIR names another folder", path, strerror(errno));
    p->folder = str_dup(str_of(path));
    return p->folder ? 0 : error_nomem(err);
}

static int write_file(const char *path, struct str text, struct error *err)
{
    char folder[PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return error_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0;
    for (size_t at = 0; good && at < text.len;) {
        ssize_t n = write(fd, text.ptr + at, text.len - at);
        good = n >= 0 || errno == EINTR;
        at += n > 0 ? (size_t)n : 0;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    return good ? 0 : error_set(err, ERR_IO, "%s: %s", path, strerror(why));
}

int packed_write(struct packed *p, const char *name, struct str text, char **path, struct error *err)
{
    char full[PATH_MAX];
    int rc = make_folder(p, err);
    if (!rc && snprintf(full, sizeof full, "%s/%s", p->folder, name) >= (int)sizeof full)
        rc = error_set(err, ERR_LIMIT, "%s: the name is too long", name);
    if (!rc)
        rc = write_file(full, text, err);
    *path = rc ? NULL : str_dup(str_of(full));
    return rc || *path ? rc : error_nomem(err);
}

static int write_files(const struct plugin *p, const char *folder, struct error *err)
{
    char path[PATH_MAX];
    int rc = 0;
    for (size_t i = 0; i < p->count && !rc; i++) {
        if (snprintf(path, sizeof path, "%s/%s", folder, p->files[i].name) >= (int)sizeof path)
            rc = error_set(err, ERR_LIMIT, "%s: a name in it is too long", p->path);
        else
            rc = write_file(path, buf_str(&p->files[i].text), err);
    }
    return rc;
}

/* number: so that two of one name stand beside each other. */
static int unpack(struct packed *packed, char **path, size_t number, struct error *err)
{
    struct plugins plugins;
    struct plugin_place place = {.path = *path};
    char folder[PATH_MAX];
    error_clear(err);
    int rc = plugins_read(&plugins, &place, 1, wrong, err);
    rc = rc ? error_nomem(err) : err->code;
    if (!rc)
        rc = make_folder(packed, err);
    if (!rc && snprintf(folder, sizeof folder, "%s/%zu/%s", packed->folder, number, plugins.items[0]->name) >=
                   (int)sizeof folder)
        rc = error_set(err, ERR_LIMIT, "%s: the path is too long", packed->folder);
    if (!rc)
        rc = write_files(plugins.items[0], folder, err);
    plugins_free(&plugins);
    if (rc)
        return rc;
    char *copy = str_dup(str_of(folder));
    if (!copy)
        return error_nomem(err);
    packed->paths[number] = *path = copy;
    return 0;
}

int packed_open(struct packed *packed, char **paths, struct error *err)
{
    size_t n = 0;
    struct stat st;
    int rc = 0;
    while (paths[n])
        n++;
    *packed = (struct packed){.paths = calloc(n + 1, sizeof(char *)), .count = n};
    if (!packed->paths) {
        packed->count = 0;
        return error_nomem(err);
    }
    for (size_t i = 0; i < n && !rc; i++) {
        if (plugin_is_archive(paths[i]) && (stat(paths[i], &st) != 0 || !S_ISDIR(st.st_mode)))
            rc = unpack(packed, &paths[i], i, err);
    }
    return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

void packed_close(struct packed *packed)
{
    if (packed->folder)
        nftw(packed->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    for (size_t i = 0; i < packed->count; i++)
        free(packed->paths[i]);
    free(packed->paths);
    free(packed->folder);
    *packed = (struct packed){0};
}
