/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the running daemon over its control socket, as a command: one question, waited for. */
#ifndef MPIJOBD_CLI_SESSION_DAEMON_H
#define MPIJOBD_CLI_SESSION_DAEMON_H

#include "cli/session/session.h"
#include "json/write.h"

struct daemon_question {
    const char *verb;
    const char *policy, *job;                        /* NULL: none */
    void (*more)(void *data, struct json_writer *w); /* writes further args; NULL: it has none */
    /* A line on the way; NULL: they are left out. */
    void (*told)(void *data, struct json line);
    /* The result, valid during the call. Not called with an error. */
    void (*answered)(void *data, struct json result);
    void *data;
};
/* Waits for the answer, as long as that takes. 0, or a code of the error, which is in s->error and is not printed: that
 * of control_connect (ERR_NOT_FOUND: no daemon has that socket, or it has none) and of the question. *reached: a daemon
 * was asked. */
int daemon_ask(struct session *s, const struct daemon_question *question, bool *reached);

struct paused;
/* The policies that are paused by the state's file, read beside a daemon or without one; where there is no state, none
 * are. Blocks. Errors as of store_open_reader. */
int daemon_paused(struct session *s, struct paused *paused);

#endif
