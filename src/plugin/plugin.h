/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins as files. Reading them blocks, and belongs on a worker thread; after that they do not change. */
#ifndef MPIJOBD_PLUGIN_PLUGIN_H
#define MPIJOBD_PLUGIN_PLUGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define PLUGIN_API 1        /* what this program speaks */
#define PLUGIN_API_OLDEST 1 /* and still understands */
#define PLUGINS_MAX 64
#define PLUGIN_NAME_MAX 63
#define PLUGIN_FILES_MAX 256                    /* of one plugin */
#define PLUGIN_FILE_BYTES ((size_t)1024 * 1024) /* of one file */
#define PLUGIN_BYTES ((size_t)4 * 1024 * 1024)  /* of all files of a plugin */
#define PLUGIN_DEPTH_MAX 8                      /* folders in folders */
#define PLUGIN_FOLDERS_MAX 256                  /* of one plugin, empty ones too */
#define PLUGIN_FILE "plugin.lua"

/* What the configuration says of one. Nothing is owned. */
struct plugin_place {
    const char *name;    /* NULL: the folder's own name; or path is a folder of plugins */
    const char *path;    /* a folder with plugin.lua, or a .tar.gz of one; without a name, or a folder of these */
    const char *options; /* a JSON object; NULL: none. A member { "file": PATH } stands for the file's text */
    const char *lines;   /* a JSON object: the line of each option in `file`; NULL: none */
    const char *file;    /* where this stands: the configuration; NULL: nowhere */
    int line;            /* there */
};

struct plugin_file {
    char *name; /* from the plugin's folder on: "lib/prices.lua" */
    struct buf text;
};

struct plugin {
    char name[PLUGIN_NAME_MAX + 1];
    char *path;                /* of the folder or archive */
    struct plugin_file *files; /* by the bytes of their names */
    size_t count, bytes, folders;
    char sha256[65];           /* in hexadecimal, see plugin_sum */
    char archive_sha256[65];   /* of the .tar.gz itself; "": it is a folder */
    struct buf options, lines; /* JSON objects; empty: none */
    const char *from;          /* the configuration's file; NULL: none. Not owned */
    int line;                  /* in it */
    bool locked;               /* the lock has a line for it */
    bool refused;              /* it could not be read whole, or is not the one of the lock: it must not run */
    /* Set when it has been tried (policy/load.c). */
    bool tried, good;
    char *said; /* JSON: what it says of itself; NULL: nothing good */
};

struct plugins {
    struct plugin **items; /* by name */
    size_t count;
};

/* Is called for each thing that is wrong. line 0: unknown. */
typedef void (*plugin_finding)(void *data, const char *file, int line, const char *message);

/* Reads all of them; what is wrong with one is reported, and it is refused. 0, or ERR_NOMEM. `from` of a plugin
 * is the place's `file`. */
int plugins_read(struct plugins *plugins, const struct plugin_place *places, size_t count, plugin_finding wrong,
                 void *data);
void plugins_free(struct plugins *plugins);
struct plugin *plugins_find(const struct plugins *plugins, const char *name);    /* NULL: no such plugin */
const struct plugin_file *plugin_file(const struct plugin *p, const char *name); /* NULL: no such file */

bool plugin_is_archive(const char *path); /* by its name */
/* "gpu-cost" of "plugins/gpu-cost-1.0.0.tar.gz". */
void plugin_archive_name(const char *path, char out[PLUGIN_NAME_MAX + 1]);

/* ---- the lock ---- */

/* Where the file is there: the plugins that it names have to be there with these sums, and no others. Blocks. */
void plugin_lock_check(struct plugins *plugins, const char *path, plugin_finding wrong, void *data);
/* Appends the plugin's line. */
void plugin_lock_add(struct buf *out, const struct plugin *p, const char *version);

/* Lower-case letters, digits and dashes, at most 63, no dash at the ends. */
bool plugin_name_good(const char *name);

/* The SHA-256 of a text, in hexadecimal, as sha256sum prints it. For a worker thread of libuv's. 0 or ERR_NOMEM. */
int plugin_sum_text(struct str text, char sha256[65]);

#endif
