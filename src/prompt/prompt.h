/* SPDX-License-Identifier: Apache-2.0 */
/* A session of a person in the running daemon, for `mpijobd eval` and `mpijobd attach`: calls of Lua one after the
 * other in one sandbox, which keeps its globals from call to call. It sees what a policy's run function sees, and in
 * the place of `print` one that is told here.
 *
 * What a session may cost is bounded: as many sessions as PROMPT_SESSIONS, each with PROMPT_MEMORY; a call computes for
 * PROMPT_CPU_US at most, in slices as policies do, and ends after PROMPT_TIMEOUT_US; it prints and answers
 * PROMPT_OUTPUT at most. The configuration's ceilings for policies hold where they are lower. */
#ifndef MPIJOBD_PROMPT_PROMPT_H
#define MPIJOBD_PROMPT_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

#define PROMPT_SESSIONS 8
#define PROMPT_MEMORY ((size_t)32 * 1024 * 1024)
#define PROMPT_CPU_US (2 * CLOCK_SECOND)
#define PROMPT_TIMEOUT_US (300 * CLOCK_SECOND)
#define PROMPT_OUTPUT ((size_t)1024 * 1024) /* bytes of what one call prints, and of its values */

struct engine;
struct prompt;

struct prompt_options {
    struct engine *engine; /* outlives the session */
    size_t *count;         /* of the sessions of this daemon: it counts itself there until it is closed */
    const char *cluster;   /* on which it works; NULL: the only one */
    bool write;
    const char *trigger; /* "eval", "attach": for the journal; static */
    const char *who;     /* likewise: the person; copied */
    int64_t uid;
    void (*printed)(void *data, struct str text); /* by the call under way, in pieces */
    /* The session has ended by itself, as the daemon is being stopped or its journal cannot be written. It is closed
     * then. A call under way is told its end before. Not called from within prompt_open. */
    void (*ended)(void *data, const struct error *why);
    void *data;
};
/* 0; errors as of engine_guest; ERR_LIMIT: there are PROMPT_SESSIONS; ERR_NOMEM. */
int prompt_open(const struct prompt_options *options, struct prompt **prompt, struct error *err);
/* A call under way is cancelled, and nothing is told any more. What it has sent to a server is finished. why: how the
 * run of a session that writes has failed; NULL: it is done. closed (may be NULL) is called when the run's end is in
 * the journal, maybe within the call. */
void prompt_close(struct prompt *prompt, const struct error *why, void (*closed)(void *data), void *data);

struct prompt_answer {
    enum prompt_state {
        PROMPT_VALUES, /* text: the values, in lines; "": there were none */
        PROMPT_FAILED, /* the first value was nil and the second an error: its text */
        PROMPT_MORE,   /* the text is the beginning of a chunk: nothing was run */
    } state;
    struct str text; /* valid during the call */
};
struct prompt_call {
    struct str text; /* copied; at most SCRIPT_SOURCE_MAX bytes */
    enum prompt_form {
        PROMPT_TEXT,
        PROMPT_JSON,  /* several values are a list */
        PROMPT_NAMES, /* the text is not run: a JSON list of the names that its end may be the beginning of, whole */
    } form;
    /* Once, later. With err (the codes of a script_done, ERR_SYNTAX) there is no answer. */
    void (*done)(void *data, const struct prompt_answer *answer, const struct error *err);
    void *data;
};
/* 0; ERR_INVALID: a call is under way; ERR_LIMIT: the text is too long; ERR_NOMEM. Then done is not called. */
int prompt_ask(struct prompt *prompt, const struct prompt_call *call, struct error *err);
/* The call under way ends with ERR_CANCELLED, and done is called before this returns. The session goes on. */
void prompt_interrupt(struct prompt *prompt);

#endif
