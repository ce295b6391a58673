/* SPDX-License-Identifier: Apache-2.0 */
/* A matcher of Lua's patterns that can be interrupted. Lua's own cannot: ("a"):rep(400):find(".-.-.-b") takes ten
 * seconds. Every step is counted against the run's budget of CPU time (script_work). Errors have Lua's texts and are
 * raised by luaL_error. */
#ifndef MPIJOBD_SCRIPT_PATTERN_H
#define MPIJOBD_SCRIPT_PATTERN_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define PATTERN_CAPTURES 32

struct capture {
    const char *start;
    ptrdiff_t len; /* or one of the two below */
};
#define CAPTURE_OPEN (-1)     /* ( was seen, ) not yet */
#define CAPTURE_POSITION (-2) /* () */

struct matcher {
    lua_State *L;
    const char *text, *text_end;
    const char *pattern, *pattern_end; /* followed by a NUL, as Lua's strings are */
    unsigned depth;
    size_t steps; /* not yet counted */
    int n_captures;
    struct capture captures[PATTERN_CAPTURES];
};

/* The strings must stay on the Lua stack as long as the matcher is used. */
void pattern_begin(struct matcher *m, lua_State *L, struct str text, struct str pattern);

/* Matches at exactly `at`: the end of the match, or NULL. Captures stay in the matcher until the next call. */
const char *pattern_match(struct matcher *m, const char *at);

/* Pushes capture i, counted from 0; the whole match from..to where the pattern has no captures and i is 0. */
void pattern_push(struct matcher *m, int i, const char *from, const char *to);
/* Pushes all captures, or the whole match (if from is not NULL) where the pattern has no captures. Returns how many it
 * has pushed. */
int pattern_push_all(struct matcher *m, const char *from, const char *to);

/* True: the pattern is plain text. */
bool pattern_is_plain(const char *pattern, size_t len);

/* luaL_checklstring. */
struct str pattern_check_str(lua_State *L, int arg);

int script_gsub(lua_State *L); /* gsub.c: string.gsub */

#endif
