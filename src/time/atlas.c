/* SPDX-License-Identifier: Apache-2.0 */
/* The files' bytes one behind the other, and where each name's are. Names that are links share their file's. */
#include "time/atlas.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "time/zone_data.h"

enum { PATH_MOST = 4096, FILE_MOST = 1 << 20, BYTES_MOST = 16 << 20 };

struct entry {
    dev_t device;
    ino_t inode;
    size_t at, len; /* in the atlas' bytes */
    int code;       /* 0; why there are no bytes */
};

/* A package that is put in gives both a new time. */
struct stamp {
    dev_t device;
    ino_t inode;
    struct timespec directory, index;
};

struct atlas {
    unsigned owners; /* under the lock */
    struct zone_names names;
    struct entry *entries; /* of names.list */
    struct buf bytes;
    struct stamp stamp;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct atlas *shared; /* the newest one that has an owner */

static struct stamp stamp_of(const char *directory)
{
    char path[PATH_MOST];
    struct stamp stamp;
    struct stat info;
    memset(&stamp, 0, sizeof stamp); /* padding too: stamps are compared by their bytes */
    if (stat(directory, &info) == 0) {
        stamp.device = info.st_dev;
        stamp.inode = info.st_ino;
        stamp.directory = info.st_mtim;
    }
    int n = snprintf(path, sizeof path, "%s/tzdata.zi", directory);
    if (n > 0 && (size_t)n < sizeof path && stat(path, &info) == 0)
        stamp.index = info.st_mtim;
    return stamp;
}

static const struct entry *same_file(const struct atlas *atlas, size_t before, const struct stat *info)
{
    for (size_t i = 0; i < before; i++) {
        if (atlas->entries[i].inode == info->st_ino && atlas->entries[i].device == info->st_dev)
            return &atlas->entries[i];
    }
    return NULL;
}

static void read_entry(struct atlas *atlas, size_t i)
{
    char path[PATH_MOST];
    struct entry *entry = &atlas->entries[i];
    struct stat info;
    struct buf text = BUF_INIT;
    int n = snprintf(path, sizeof path, "%s/%s", atlas->names.directory, atlas->names.list[i]);
    entry->code = ERR_NOT_FOUND;
    if (n < 0 || (size_t)n >= sizeof path || stat(path, &info) != 0)
        return;
    entry->code = ERR_SYNTAX; /* reading a pipe could block for ever */
    if (!S_ISREG(info.st_mode))
        return;
    const struct entry *same = same_file(atlas, i, &info);
    if (same) {
        *entry = *same;
        return;
    }
    *entry = (struct entry){.device = info.st_dev, .inode = info.st_ino, .at = atlas->bytes.len};
    entry->code = buf_read_file(&text, path, FILE_MOST, NULL);
    entry->len = entry->code ? 0 : text.len;
    buf_add(&atlas->bytes, text.ptr, entry->len);
    buf_free(&text);
}

static void atlas_release(struct atlas *atlas)
{
    zone_names_free(&atlas->names);
    free(atlas->entries);
    buf_free(&atlas->bytes);
    free(atlas);
}

static struct atlas *read_all(const char *directory, const struct stamp *stamp)
{
    struct atlas *atlas = calloc(1, sizeof *atlas);
    if (!atlas || zone_names_read(&atlas->names, directory)) {
        free(atlas);
        return NULL;
    }
    atlas->owners = 1;
    atlas->stamp = *stamp;
    buf_init(&atlas->bytes, BYTES_MOST);
    atlas->entries = calloc(atlas->names.count + 1, sizeof *atlas->entries);
    if (!atlas->entries) {
        atlas_release(atlas);
        return NULL;
    }
    for (size_t i = 0; i < atlas->names.count; i++)
        read_entry(atlas, i);
    if (atlas->bytes.failed) {
        atlas_release(atlas);
        return NULL;
    }
    return atlas;
}

/* Under the lock. */
static struct atlas *share(const char *directory, const struct stamp *stamp)
{
    if (!shared || strcmp(shared->names.directory, directory) != 0 || memcmp(&shared->stamp, stamp, sizeof *stamp) != 0)
        return NULL;
    shared->owners++;
    return shared;
}

struct atlas *atlas_read(const char *directory)
{
    directory = zone_directory(directory);
    struct stamp stamp = stamp_of(directory);
    pthread_mutex_lock(&lock);
    struct atlas *atlas = share(directory, &stamp);
    pthread_mutex_unlock(&lock);
    if (atlas)
        return atlas;
    atlas = read_all(directory, &stamp);
    pthread_mutex_lock(&lock);
    if (atlas)
        shared = atlas;
    pthread_mutex_unlock(&lock);
    return atlas;
}

void atlas_free(struct atlas *atlas)
{
    if (!atlas)
        return;
    pthread_mutex_lock(&lock);
    bool last = --atlas->owners == 0;
    if (last && shared == atlas)
        shared = NULL;
    pthread_mutex_unlock(&lock);
    if (last)
        atlas_release(atlas);
}

static int by_name(const void *name, const void *element)
{
    return strcmp(name, *(char *const *)element);
}

/* "posix/Europe/Berlin" is the same zone. */
static const struct entry *find(const struct atlas *atlas, const char *name)
{
    if (strncmp(name, "posix/", 6) == 0)
        name += 6;
    char *const *at = bsearch(name, atlas->names.list, atlas->names.count, sizeof *at, by_name);
    return at ? &atlas->entries[at - (char *const *)atlas->names.list] : NULL;
}

bool atlas_knows(const struct atlas *atlas, const char *name)
{
    return strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0 || find(atlas, name);
}

int atlas_zone(const struct atlas *atlas, const char *name, struct zone **zone, struct error *err)
{
    int rc = zone_name_check(name, zone, err);
    if (rc || *zone)
        return rc;
    const struct entry *entry = find(atlas, name);
    if (strncmp(name, "right/", 6) == 0)
        return error_set(err, ERR_INVALID,
                         "time zone \"%s\" counts leap seconds, which no Kubernetes clock does; use the name without "
                         "\"right/\"",
                         name);
    if (!entry)
        return zone_names_unknown(&atlas->names, name, err);
    if (entry->code)
        return error_set(err, entry->code, "time zone \"%s\": %s/%s %s", name, atlas->names.directory, name,
                         entry->code == ERR_SYNTAX ? "is not a regular file" : "cannot be read");
    rc = zone_parse(name, name, atlas->bytes.ptr + entry->at, entry->len, zone, err);
    if (rc && rc != ERR_NOMEM && err)
        error_prefix(err, "time zone \"%s\"", name);
    return rc;
}
