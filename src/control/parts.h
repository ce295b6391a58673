/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of control share: the server, its connections, their requests. */
#ifndef MPIJOBD_CONTROL_PARTS_H
#define MPIJOBD_CONTROL_PARTS_H

#include "control/control.h"
#include "control/socket_file.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "json/write.h"

struct control_table {
    const struct control_verb *verbs;
    void *data;
};

struct control_connection {
    struct control *control;
    uv_pipe_t pipe;
    struct control_peer peer;         /* with its groups */
    struct defer turn;                /* takes requests out of `in`, and goes on reading */
    struct buf in;                    /* what has arrived of a request, and of those behind it */
    size_t looked;                    /* bytes of it that hold no line's end */
    uint64_t since;                   /* when what it does now began, in ms of the loop */
    uint64_t ended;                   /* when it had said all, in ms of the loop; 0: it has not */
    bool asked;                       /* a request has arrived whole */
    bool ending;                      /* nothing more is read; it is closed when its last answer is written */
    bool broken;                      /* its answers cannot be written: the next look closes it */
    bool closing;                     /* uv_close was called */
    size_t unread;                    /* bytes of answers that are not written yet */
    struct control_request *requests; /* under way */
    size_t request_count;
    struct control_connection *prev, *next; /* those that came first, first */
};

struct control {
    struct control_options o;
    uv_loop_t *loop;
    struct control_socket socket;
    struct control_table *tables;
    size_t table_count;
    struct control_connection *connections;
    struct control_request *calls; /* from within, that wait */
    size_t connection_count, guest_count;
    size_t held;                    /* bytes of `in` of all connections */
    uint64_t refused, refused_told; /* strangers; and when the log was last told of one, in ms of the loop */
    uv_pipe_t pipe;                 /* listens */
    struct deadline looks;          /* for those whose time is over */
    bool listens;                   /* on a socket */
    bool late;                      /* a connection could not be taken, as memory was out: the next look takes it */
    bool closing;
    size_t handles; /* that libuv has not closed yet */
    void (*closed)(void *data);
    void *data;
};
/* libuv has closed a handle; the last one takes the memory with it. */
void control_handle_closed(struct control *c);

/* ---- connection.c ---- */

/* A client connects. */
void control_connection_take(struct control *c);
/* Writes a line. */
void control_connection_write(struct control_connection *k, struct buf *line);
/* Gives its requests up and closes it. */
void control_connection_close(struct control_connection *k);
/* A request has ended: there may be room for those that have arrived behind it. */
void control_connection_go_on(struct control_connection *k);
/* Is the other side still there? */
bool control_connection_heard(const struct control_connection *k);
/* Closes it where its time is over. */
void control_connection_look(struct control_connection *k, uint64_t now);

/* ---- peer.c ---- */

/* Who it is, as the kernel says. False: it may not ask; the log tells of it, now and then. */
bool control_peer_take(struct control_connection *k);
void control_peer_free(struct control_peer *peer);

/* ---- request.c ---- */

/* A line has arrived. */
void control_request_begin(struct control_connection *k, struct str line);
/* All calls from within: they are answered ERR_CANCELLED. */
void control_calls_end(struct control *c);
/* gone, where it waits; frees it. */
void control_request_give_up(struct control_request *r);
/* The other side has closed the connection: gives up those requests that are for nothing then. */
void control_requests_unheard(struct control_connection *k);
/* An error that belongs to no request. */
void control_say(struct control_connection *k, const struct error *err);

#endif
