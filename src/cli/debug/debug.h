/* SPDX-License-Identifier: Apache-2.0 */
/* The debugger of `mpijobd test --debug`: one client, an editor, that speaks the Debug Adapter Protocol. It looks on
 * while scripts run (script/observe.h), and where it stops one it serves the client from there: nothing else moves
 * meanwhile, neither the loop with its timers nor the test's clock. All calls are on the loop's thread. */
#ifndef MPIJOBD_CLI_DEBUG_DEBUG_H
#define MPIJOBD_CLI_DEBUG_DEBUG_H

#include <lua.h>
#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

struct debugger;

/* address: "PORT" or "HOST:PORT" (HOST in numbers; "PORT" alone: 127.0.0.1), where the first client that comes is the
 * one; says on standard error where it listens, and blocks until a client is there. "": the client is at standard input
 * and output; what is printed from then on goes to it as output. 0, ERR_INVALID (the address), ERR_IO, ERR_NOMEM. */
int debugger_open(uv_loop_t *loop, const char *address, struct debugger **debugger, struct error *err);

/* What the client asks for with `launch` or `attach`; members that it does not name are NULL. Owned by the debugger. */
struct debug_launch {
    char *cwd;
    char **paths; /* NULL-terminated */
    char *run, *tags, *exclude_tags;
};
/* Serves the client until it has said what to do and where to stop. False: it went away before. */
bool debugger_begin(struct debugger *debugger, struct debug_launch *launch);

/* A new state, before any of the author's code is in it. debugger NULL: nothing is done. */
void debugger_observe(struct debugger *debugger, lua_State *L);
/* A file of the program's own Lua, that frames may stand in, by its chunk's name ("=sweep"). text is not copied. */
void debugger_add_source(struct debugger *debugger, const char *chunk, struct str text);

/* A log's `hear` with the debugger as its data: the client is shown the line. */
void debugger_heard(void *debugger, enum log_level level, const char *message, const struct log_field *fields,
                    struct str line);

/* The client wants no more of the tests: what runs is ended at its next line. NULL: false. */
bool debugger_over(const struct debugger *debugger);

/* Tells the client that all is over, with the exit code, and frees the debugger; NULL is ignored. The loop has to turn
 * once more. */
void debugger_close(struct debugger *debugger, int exit_code);

#endif
