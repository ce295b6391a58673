/* SPDX-License-Identifier: Apache-2.0 */
/* The ConfigMaps as bytes: lines of rows, packed, in one of them; and the head, which says which of them count. Pure.
 *
 * The head names the ConfigMaps of the base (all rows as they were), those of the log (what has changed since, the
 * oldest first), and has the end of the log itself. */
#ifndef MPIJOBD_SHARED_OBJECT_H
#define MPIJOBD_SHARED_OBJECT_H

#include <stdint.h>

#include "json/value.h"

#define OBJECT_FORMAT 1                           /* of the head and the rows */
#define OBJECT_LINES_MAX ((size_t)512 * 1024)     /* bytes of lines in one ConfigMap, before they are packed */
#define OBJECT_LABEL "mpijobd.kubeflow.org/state" /* its value: the head's name */
#define OBJECT_ID 33                              /* of who writes, with its NUL */

/* Names of ConfigMaps without that of the head before them, as in "7-12": the epoch, and a number within it. */
struct object_names {
    char (*names)[24];
    size_t count, cap;
};
int object_names_add(struct object_names *names, const char *name,
                     struct error *err); /* ERR_NOMEM; ERR_INVALID: too long */
int object_names_reserve(struct object_names *names, size_t more, struct error *err); /* so many find room; ERR_NOMEM */
void object_names_drop(struct object_names *names, size_t count);                     /* the first so many */
bool object_names_have(const struct object_names *names, const char *name);
void object_names_free(struct object_names *names);

struct object_head {
    int64_t epoch;
    char writer[OBJECT_ID]; /* who has taken the state over, a number of that time */
    char holder[256];       /* the same, for people */
    int64_t written_at;     /* microseconds since 1970 */
    int64_t runs;           /* the highest number that a run was given */
    int64_t bytes;          /* of the lines in it, before they are packed */
    struct object_names base, log;
};
void head_free(struct object_head *head);

/* The object to be put or created, as JSON. resource_version NULL: a new one. lines: the end of the log. */
void object_write_head(struct buf *out, const struct object_head *head, const char *name, const char *name_space,
                       const char *resource_version, struct str lines);
/* The same of lines: at most OBJECT_LINES_MAX bytes. name: without the head's. */
void object_write_lines(struct buf *out, const char *head_name, const char *name, const char *name_space,
                        struct str lines);

/* Reads a head; free it with head_free, also after an error. ERR_INVALID: it is not one, or of a newer mpijobd;
 * ERR_NOMEM. */
int object_read_head(struct json object, struct object_head *head, struct error *err);
/* The same, with its lines appended unpacked. Errors as of object_read_head and object_unpack. */
int object_read_head_lines(struct json object, struct object_head *head, struct buf *lines, struct error *err);
/* The text in which its lines are packed: of a head, or of lines. Absent: it has no lines; a head says how many bytes
 * it has. */
struct json object_packed(struct json object);
/* Appends them unpacked. ERR_INVALID: they are not as they were written; ERR_NOMEM. */
int object_unpack(struct str base64, struct buf *lines, struct error *err);

#endif
