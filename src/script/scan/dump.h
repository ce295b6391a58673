/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what lua_dump writes of a function (Lua 5.4), bounded everywhere by the bytes there are. Nothing is run, and
 * what is read points into the bytes. */
#ifndef MPIJOBD_SCRIPT_SCAN_DUMP_H
#define MPIJOBD_SCRIPT_SCAN_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define DUMP_DEPTH_MAX 200 /* functions in one another: Lua's compiler takes no more */
#define DUMP_UPVALUES_MAX 255
#define DUMP_INSTRUCTION 4 /* bytes */
#define DUMP_NAMES 256     /* constants that an instruction can name */
#define DUMP_NAME_MAX 40   /* bytes of such a name: Lua's instructions take no longer ones */

/* Those of Lua's instructions that anybody looks for. */
enum {
    OP_MOVE = 0,
    OP_LOADNIL = 8,
    OP_GETUPVAL = 9,
    OP_SETUPVAL = 10,
    OP_GETTABUP = 11,
    OP_GETFIELD = 14,
    OP_SETTABUP = 15,
    OP_EQK = 60,
    OP_TEST = 66,
    OP_TESTSET = 67,
    OP_CALL = 68,
    OP_TAILCALL = 69
};

struct dump {
    const unsigned char *at, *end;
    bool bad; /* the bytes do not add up; nothing more is read */
};

/* One function. Lists are kept as places in the dump, each of which was gone through once already. */
struct dump_function {
    size_t n_upvalues, n_code, n_constants, n_lines, n_absolute;
    const unsigned char *shape; /* 3 bytes: parameters, "...", registers */
    const unsigned char *code, *constants, *constants_end, *lines, *absolute;
    const unsigned char *upvalues; /* 3 bytes each: a local variable of the function around it? which? its kind */
    int line;
};

struct dump_op {
    unsigned op, a, b, c;
    bool k;
};

struct dump_names {
    struct str text[DUMP_NAMES];
    bool is[DUMP_NAMES], nil[DUMP_NAMES];
};

/* Where one is in the lines of a function. */
struct dump_lines {
    struct dump absolute;
    size_t next;
    int line;
};

/* False: it is not the format that is known. Then come a function, and within it those that stand in it. */
bool dump_begin(struct dump *d, struct str bytes);
/* A function up to the number of those that stand in it; these follow, one after the other, and then dump_tail. */
size_t dump_head(struct dump *d, struct dump_function *f);
void dump_tail(struct dump *d, struct dump_function *f);
bool dump_over(const struct dump *d); /* all bytes were read, and they add up */

struct dump_op dump_op(const struct dump_function *f, size_t i);
void dump_names(const struct dump *d, const struct dump_function *f, struct dump_names *names);
/* Calls each for the constants that are texts and may be names. */
void dump_each_name(const struct dump *d, const struct dump_function *f, void (*each)(void *data, struct str name),
                    void *data);
/* The line of instruction i; to be asked for all of them in turn, after dump_tail. Sets d->bad where it has no line. */
void dump_lines_begin(const struct dump *d, const struct dump_function *f, struct dump_lines *lines);
int dump_line(struct dump *d, const struct dump_function *f, struct dump_lines *lines, size_t i);

#endif
