/* SPDX-License-Identifier: Apache-2.0 */
/* The objects that a file gives to `mpijobd replace -f`: one, several documents, or lists of them, as kubectl takes
 * them. */
#ifndef MPIJOBD_CLI_REPLACE_FILE_H
#define MPIJOBD_CLI_REPLACE_FILE_H

#include "base/buf.h"
#include "json/value.h"

struct replace_file {
    struct buf text, converted;
    struct buf objects; /* struct json, into the above */
};

/* file: a path, or "-" for standard input. Of JSON the bytes stay as they are. The file must be zeroed, and is freed in
 * either case. ERR_SYNTAX: it cannot be read as YAML or JSON, or holds no object; ERR_LIMIT: more than 8 MiB; ERR_IO,
 * ERR_NOMEM. */
int replace_file_read(struct replace_file *file, const char *path, struct error *err);
size_t replace_file_count(const struct replace_file *file);
struct json replace_file_object(const struct replace_file *file, size_t i);
void replace_file_free(struct replace_file *file);

#endif
