/* SPDX-License-Identifier: Apache-2.0 */
/* The asker's side of the control socket (control/control.h), on a loop. */
#ifndef MPIJOBD_CONTROL_ASKER_H
#define MPIJOBD_CONTROL_ASKER_H

#include <uv.h>

#include "base/error.h"
#include "json/value.h"

struct control_asker;

/* Blocks, for CONTROL_CONNECT_MS at most. Errors as of control_socket_connect (control/socket_file.h), and
 * ERR_NOMEM. */
int control_connect(uv_loop_t *loop, const char *path, struct control_asker **client, struct error *err);
/* Questions that wait are answered ERR_CANCELLED within the call. closed (may be NULL) is called when libuv holds
 * nothing of it any more. */
void control_asker_close(struct control_asker *client, void (*closed)(void *data), void *data);
/* How many questions have no answer yet. */
size_t control_asker_waiting(const struct control_asker *client);

struct control_question {
    const char *verb;
    struct json args; /* an object, copied; absent: none */
    uint64_t ms;      /* how long an answer is waited for; 0: for ever */
    /* A line on the way; NULL: they are left out. */
    void (*told)(void *data, struct json line);
    /* Called once, never from within control_ask. With err (which names no verb) there is no result. Codes: those of
     * the daemon's error; ERR_UNREACHABLE: it has ended, or closed the connection; ERR_TIMEOUT; ERR_PROTOCOL: what came
     * makes no sense; ERR_CANCELLED. */
    void (*done)(void *data, struct json result, const struct error *err);
    void *data;
};
/* 0, ERR_NOMEM, or ERR_LIMIT: the question is too long; then done is not called. */
int control_ask(struct control_asker *client, const struct control_question *question, struct error *err);

#endif
