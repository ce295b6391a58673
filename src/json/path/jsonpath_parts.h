/* SPDX-License-Identifier: Apache-2.0 */
/* What the files jsonpath_*.c share: a template that was read. */
#ifndef MPIJOBD_JSON_PATH_JSONPATH_PARTS_H
#define MPIJOBD_JSON_PATH_JSONPATH_PARTS_H

#include "json/path/jsonpath.h"

#define JSONPATH_RANGES_MAX 8 /* within each other */

enum step_kind { STEP_NAME, STEP_ALL, STEP_SLICE, STEP_FILTER };
enum filter_op { FILTER_THERE, FILTER_EQ, FILTER_NE, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE };

/* Texts are places in jsonpath.texts, each ended by a NUL. */
struct step {
    enum step_kind kind;
    size_t name;      /* STEP_NAME: the key; STEP_FILTER: the other side, raw JSON */
    int64_t from, to; /* STEP_SLICE: below 0 from the end on. to INT64_MAX: to the end */
    bool one;         /* STEP_SLICE: the element `from` alone */
    enum filter_op op;
    size_t first, count; /* STEP_FILTER: the steps below @ */
};

enum part_kind { PART_TEXT, PART_PATH, PART_RANGE, PART_END };

struct part {
    enum part_kind kind;
    size_t text, text_len; /* PART_TEXT */
    bool from_document;    /* $ */
    size_t first, count;   /* its steps */
    size_t end;            /* PART_RANGE: the place of its PART_END */
};

struct jsonpath {
    struct buf texts;
    struct step *steps;
    struct part *parts;
    size_t step_count, step_cap, part_count, part_cap;
};

/* A template that is being read. */
struct jsonpath_reader {
    const char *text, *p; /* the whole, and how far it was read */
    struct jsonpath *path;
    struct error *err;
};

/* ---- jsonpath_steps.c ---- */

/* Sets the error: what is wrong, with the place that was come to. Returns ERR_SYNTAX. */
int jsonpath_wrong(struct jsonpath_reader *r, const char *what);
/* Room for one more of an array that doubles. NULL: no memory, and the array is as it was. */
void *jsonpath_grow(void *items, size_t count, size_t *cap, size_t size);
/* A text in quotes of either kind, at its first quote. Its content is appended to out. 0, ERR_SYNTAX. */
int jsonpath_quoted(struct jsonpath_reader *r, struct buf *out);
/* Does c end a name that is in no quotes? */
bool jsonpath_ends_name(char c);
/* Goes over white space and c; what: the message where it is not there. 0, ERR_SYNTAX. */
int jsonpath_closed(struct jsonpath_reader *r, char c, const char *what);
/* A path, at its first letter: sets its steps in part. bare: its first dot may be missing. 0, ERR_SYNTAX, ERR_NOMEM. */
int jsonpath_path(struct jsonpath_reader *r, struct part *part, bool bare);

#endif
