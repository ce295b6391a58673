/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled function is made of, those in it included: its code, the globals that it reads, and whose fields and
 * functions it uses. Read from what lua_dump writes of it, debug information included. Nothing is run. */
#ifndef MPIJOBD_SCRIPT_SCAN_FUNCTION_SCAN_H
#define MPIJOBD_SCRIPT_SCAN_FUNCTION_SCAN_H

#include <stdbool.h>

#include "base/str.h"

/* A value of a known name is used (`time.date(x)`: of "time" the field "date"), or a field of something else
 * (`job.age`: of "" the field "age"). */
struct function_use {
    const char *of;    /* "": something whose name is not known, and that is no field itself */
    const char *field; /* "": the value itself is called */
    int line;
    bool called;
    unsigned given; /* arguments that are there and not nil, the first one is bit 0; all bits where that is not known */
};

/* Texts are valid during the call. A member may be NULL. */
struct function_seen {
    /* All of it, in an order that is the same each time, without names of variables and without lines. */
    void (*code)(void *data, const void *bytes, size_t n);
    void (*global)(void *data, const char *name); /* that it reads; "": perhaps any */
    void (*use)(void *data, const struct function_use *use);
    void *data;
};

/* upvalues: what each of the function's own is, by number: "_G" for the table of globals, "time", "time.now"; NULL:
 * something else. False: nothing can be said of the function, and what was seen is to be forgotten. */
bool function_scan(struct str dump, const char *const *upvalues, size_t count, const struct function_seen *seen);

#endif
