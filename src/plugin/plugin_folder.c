/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a folder, as a plugin's. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "plugin/plugin_parts.h"

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int read_one(struct plugin *p, const char *name, struct error *err)
{
    struct buf text = BUF_INIT;
    int rc = beneath_read(&text, p->path, name, PLUGIN_FILE_BYTES, err);
    if (!rc)
        rc = plugin_add(p, name, &text, err);
    buf_free(&text);
    return rc;
}

/* below: the folder from the plugin's own on, with a slash at the end; "" for that one. */
static int read_below(struct plugin *p, const char *below, int depth, struct error *err)
{
    char path[PATH_MAX], name[PATH_MAX];
    struct dirent **list = NULL;
    if (snprintf(path, sizeof path, "%s/%s", p->path, below) >= (int)sizeof path)
        return error_set(err, ERR_LIMIT, "%s: a path in it is too long", p->path);
    int n = scandir(path, &list, visible, alphasort), rc = 0;
    if (n < 0)
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        struct stat st;
        bool fits = snprintf(name, sizeof name, "%s%s", below, list[i]->d_name) < (int)sizeof name &&
                    snprintf(path, sizeof path, "%s/%s%s", p->path, below, list[i]->d_name) < (int)sizeof path - 1;
        free(list[i]);
        if (rc)
            continue;
        if (!fits)
            rc = error_set(err, ERR_LIMIT, "%s: a path in it is too long", p->path);
        else if (lstat(path, &st) != 0)
            rc = error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        else if (!S_ISDIR(st.st_mode))
            rc = read_one(p, name, err);
        else if (depth >= PLUGIN_DEPTH_MAX)
            rc = error_set(err, ERR_LIMIT, "%s: folders in a plugin are at most %d deep", path, PLUGIN_DEPTH_MAX);
        else if (++p->folders > PLUGIN_FOLDERS_MAX)
            rc = error_set(err, ERR_LIMIT, "%s: a plugin has at most %d folders", p->path, PLUGIN_FOLDERS_MAX);
        else if (strlen(name) + 1 < sizeof name)
            rc = read_below(p, strcat(name, "/"), depth + 1,
                            err); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy) */
    }
    free(list);
    return rc;
}

int plugin_read_folder(struct plugin *p, struct error *err)
{
    return read_below(p, "", 0, err);
}
