/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a .tar.gz, as a plugin's, read into memory by libarchive: nothing is unpacked on the disk. What may hold
 * more than a plugin does is refused before it is read. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "plugin/plugin_parts.h"

#define ENTRIES_MAX 4096
#define ALL_BYTES ((int64_t)16 * 1024 * 1024) /* with what is left out */
#define BLOCK 65536

struct archive_reading {
    struct plugin *p;
    struct archive *a;
    struct error *err;
    int64_t bytes;
};

static int refuse(const struct archive_reading *r, const char *name, const char *why)
{
    return error_set(r->err, ERR_INVALID, "%s: \"%.200s\" %s", r->p->path, name, why);
}

static int damaged(const struct archive_reading *r)
{
    return error_set(r->err, ERR_SYNTAX,
                     "%s is no .tar.gz, or is damaged or cut off; make it again: tar czf NAME-VERSION.tar.gz NAME",
                     r->p->path);
}

/* The name without "./" at its beginning; NULL: it leads out, or has an empty part. *hidden: a part of it begins with a
 * dot. */
static const char *good_name(const char *name, bool *hidden)
{
    int depth = 0;
    while (name[0] == '.' && name[1] == '/')
        name += 2;
    *hidden = false;
    for (const char *part = name; *part;) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 2 && part[0] == '.' && part[1] == '.') || ++depth > PLUGIN_DEPTH_MAX + 2)
            return NULL;
        *hidden = *hidden || part[0] == '.';
        part += n + (part[n] == '/');
    }
    return name;
}

static int read_data(struct archive_reading *r, const char *name)
{
    struct buf text;
    buf_init(&text, PLUGIN_FILE_BYTES);
    char block[BLOCK];
    la_ssize_t n;
    while ((n = archive_read_data(r->a, block, sizeof block)) > 0)
        buf_add(&text, block, (size_t)n);
    int rc = 0;
    if (n < 0)
        rc = damaged(r);
    else if (text.failed)
        rc = buf_result(&text, name, r->err);
    else if (plugin_file(r->p, name))
        rc = refuse(r, name, "is in it twice");
    else
        rc = plugin_add(r->p, name, &text, r->err);
    buf_free(&text);
    return rc;
}

static int read_entry(struct archive_reading *r, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry), *good;
    bool hidden;
    if (!name)
        name = archive_entry_pathname(entry);
    if (!name || !*name)
        return refuse(r, "", "is an entry without a name");
    good = good_name(name, &hidden);
    if (!good)
        return refuse(r, name, "leads out of the archive, or is too deep");
    if (archive_entry_hardlink(entry) || archive_entry_symlink(entry))
        return refuse(r, name, "is a link; a plugin's archive holds files and folders");
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return 0;
    if (archive_entry_filetype(entry) != AE_IFREG)
        return refuse(r, name, "is neither a file nor a folder");
    if (archive_entry_size(entry) > (int64_t)PLUGIN_FILE_BYTES)
        return refuse(r, name, "has more than 1 MiB");
    r->bytes += archive_entry_size(entry);
    if (r->bytes > ALL_BYTES)
        return refuse(r, name, "is more than an archive may hold, 16 MiB");
    return hidden || !*good ? 0 : read_data(r, good);
}

static int read_all(struct archive_reading *r)
{
    struct archive_entry *entry;
    for (int n = 0;; n++) {
        int got = archive_read_next_header(r->a, &entry);
        if (got == ARCHIVE_EOF)
            return 0;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return damaged(r);
        if (n >= ENTRIES_MAX)
            return error_set(r->err, ERR_LIMIT, "%s: an archive has at most %d entries", r->p->path, ENTRIES_MAX);
        int rc = read_entry(r, entry);
        if (rc)
            return rc;
    }
}

/* "gpu-cost-1.0.0/plugin.lua": where all files are in one folder, that is the plugin. */
static void strip_folder(struct plugin *p)
{
    if (!p->count || plugin_file(p, PLUGIN_FILE))
        return;
    const char *slash = strchr(p->files[0].name, '/');
    if (!slash)
        return;
    size_t n = (size_t)(slash - p->files[0].name) + 1;
    for (size_t i = 0; i < p->count; i++) {
        if (strncmp(p->files[i].name, p->files[0].name, n) != 0)
            return;
    }
    for (size_t i = 0; i < p->count; i++)
        memmove(p->files[i].name, p->files[i].name + n, strlen(p->files[i].name + n) + 1);
}

int plugin_read_archive(struct plugin *p, struct error *err)
{
    struct archive_reading r = {.p = p, .err = err};
    struct stat st;
    struct buf bytes = BUF_INIT;
    if (stat(p->path, &st) != 0)
        return error_set(err, ERR_NOT_FOUND, "%s: %s", p->path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_INVALID, "%s is no regular file", p->path);
    if (st.st_size > (off_t)PLUGIN_BYTES)
        return error_set(err, ERR_LIMIT, "%s: a plugin's archive has at most %zu bytes", p->path, PLUGIN_BYTES);
    int rc = buf_read_file(&bytes, p->path, PLUGIN_BYTES, err);
    if (!rc)
        rc = plugin_sum_text(buf_str(&bytes), p->archive_sha256) ? error_nomem(err) : 0;
    r.a = rc ? NULL : archive_read_new();
    if (!rc && !r.a)
        rc = error_nomem(err);
    if (!rc &&
        (archive_read_support_filter_gzip(r.a) != ARCHIVE_OK || archive_read_support_format_tar(r.a) != ARCHIVE_OK ||
         archive_read_open_memory(r.a, bytes.ptr, bytes.len) != ARCHIVE_OK))
        rc = damaged(&r);
    if (!rc)
        rc = read_all(&r);
    archive_read_free(r.a);
    buf_free(&bytes);
    if (!rc)
        strip_folder(p);
    return rc;
}

bool plugin_is_archive(const char *path)
{
    return str_ends(str_of(path), ".tar.gz") || str_ends(str_of(path), ".tgz");
}

void plugin_archive_name(const char *path, char out[PLUGIN_NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    snprintf(out, PLUGIN_NAME_MAX + 1, "%s", slash ? slash + 1 : path);
    char *end = strstr(out, str_ends(str_of(path), ".tgz") ? ".tgz" : ".tar.gz");
    if (end)
        *end = '\0';
    for (char *p = out; *p; p++) { /* "-1.0.0" */
        if (p > out && p[0] == '-' && p[1] >= '0' && p[1] <= '9' && p[1 + strspn(p + 1, "0123456789")] == '.') {
            *p = '\0';
            return;
        }
    }
}
