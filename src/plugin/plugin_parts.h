/* SPDX-License-Identifier: Apache-2.0 */
/* What the files here share. */
#ifndef MPIJOBD_PLUGIN_PLUGIN_PARTS_H
#define MPIJOBD_PLUGIN_PLUGIN_PARTS_H

#include "plugin/plugin.h"

struct plugin *plugin_new(const char *name, const char *path); /* NULL: out of memory */
void plugin_free(struct plugin *p);
/* Appends a message with words that may hold anything: on one line, with control characters shown. */
void plugin_show(struct buf *out, const char *message);
/* Takes the text, which is empty then. ERR_LIMIT, ERR_NOMEM. */
int plugin_add(struct plugin *p, const char *name, struct buf *text, struct error *err);
/* Sorts the files and sets sha256: over, for each file by the bytes of its name, the name, a NUL, the number of its
 * bytes in decimal, a NUL, and its bytes. 0 or ERR_NOMEM. */
int plugin_sum(struct plugin *p, struct error *err);

/* All files of the folder and of those in it, but for names that begin with a dot. A link may lead to a file in the
 * folder, as those of a ConfigMap do, and nowhere else. ERR_IO, ERR_LIMIT, ERR_NOMEM, and those of buf_read_file. */
int plugin_read_folder(struct plugin *p, struct error *err);
/* The same of a .tar.gz, whose path the plugin has: regular files only, none of which leads out of it; of a folder that
 * holds all others, what is in it. ERR_INVALID, ERR_LIMIT, ERR_SYNTAX: what is wrong with it. */
int plugin_read_archive(struct plugin *p, struct error *err);

#endif
