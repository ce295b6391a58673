/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket of a running daemon: a Unix socket, on the loop without a thread of its own, on which it is asked
 * and told. Each line, in both directions, is a JSON object:
 *
 *     > {"id": 1, "verb": "status", "args": {"policy": "free-gpus"}}
 *     < {"id": 1, "line": ...}        any number of them, where the verb tells something on the way
 *     < {"id": 1, "result": ...}      or {"id": 1, "error": {"reason": "NotFound", "message": "..."}}
 *
 * A request ends with its result or its error. Several requests of a connection may be under way; their answers come as
 * they are ready. `id` is the asker's own number, and may be left out. The verb "verbs" tells which verbs there are.
 *
 * The socket is for its owner alone (mode 0600), and whoever connects has to be of the daemon's own user, or root: the
 * kernel says who it is. With options.admits everybody reaches the socket (mode 0666), and those of other users whom it
 * admits are guests: only verbs of CONTROL_DECIDES are theirs. At most CONTROL_CONNECTIONS_MAX connections; another one
 * takes the place of one that has not asked anything yet, or is told that there are too many. */
#ifndef MPIJOBD_CONTROL_CONTROL_H
#define MPIJOBD_CONTROL_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"
#include "json/value.h"

#define CONTROL_CONNECTIONS_MAX 64
#define CONTROL_GUESTS_MAX 16   /* of the connections; the others are left to the daemon's own user and root */
#define CONTROL_REQUESTS_MAX 32 /* of one connection that are under way; more wait */
#define CONTROL_LINE_MAX ((size_t)4 * 1024 * 1024)    /* bytes of a request; and of the lines that an asker takes */
#define CONTROL_HELD_MAX ((size_t)32 * 1024 * 1024)   /* bytes of all requests that have not arrived whole */
#define CONTROL_UNREAD_MAX ((size_t)16 * 1024 * 1024) /* bytes of answers that a connection has not read */

struct defer_queue;

/* Who asks, as the kernel says: of the process that made the connection. */
struct control_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    bool guest;          /* neither the daemon's own user nor root */
    const gid_t *groups; /* the further ones; NULL: none. Of a guest only */
    size_t group_count;
    const char *name; /* who asks through another door than the socket (control_call), and is no user of the system; has
                         a colon, as no user's name does. NULL: a user. Outlives the request */
};
#define CONTROL_NAMED_UID (-2) /* in the journal, for who has such a name */

struct control_options {
    const char *path;         /* used by control_open only; NULL: no socket, it is asked from within alone */
    const struct log *log;    /* outlives the control */
    struct defer_queue *soon; /* of the loop; outlives the control */
    unsigned request_ms;      /* how long a request may take to arrive; 0: 10 s */
    /* May another user than the daemon's own and root connect, as a guest? On the loop. NULL: nobody may. */
    bool (*admits)(void *data, const struct control_peer *peer);
    void *data;
};

struct control;
/* Blocks for some calls of the file system. The socket of a daemon that has died is replaced. ERR_INVALID: the path
 * names something else than a socket, or everybody may write in its folder; ERR_IO: another daemon has it, or it cannot
 * be made; ERR_NOMEM. Messages name the path and the cure. */
int control_open(uv_loop_t *loop, const struct control_options *options, struct control **control, struct error *err);
/* Requests that wait are given up, connections are closed, the socket is removed. closed (may be NULL) is called when
 * libuv holds nothing of it any more. Not from within a handler. */
void control_close(struct control *control, void (*closed)(void *data), void *data);

/* ---- verbs ---- */

/* What acts changes something. What decides is for guests, too; its handler looks at who it is. */
enum control_access { CONTROL_READS, CONTROL_ACTS, CONTROL_DECIDES };
const char *control_access_name(enum control_access access); /* "reads", "acts", "decides" */

/* One request, until it is answered or given up. */
struct control_request;

/* Has to call control_answer or control_fail, or control_wait and later one of them. args: an object, or absent; valid
 * during the call. Called on the loop. */
typedef void (*control_handler)(void *data, struct control_request *request, struct json args);

struct control_verb {
    const char *name; /* NULL ends a table */
    enum control_access access;
    control_handler handle;
};
/* A table of verbs, kept by the caller while the control is open; its handlers get data. ERR_INVALID: there is such a
 * verb already; ERR_NOMEM. */
int control_add(struct control *control, const struct control_verb *verbs, void *data, struct error *err);

/* Its groups are valid as long as the request. */
struct control_peer control_request_peer(const struct control_request *request);
/* False: whoever asked has gone away, and hears no answer. Who has only said all still hears it. */
bool control_request_heard(const struct control_request *request);

/* A request that waits, and is for nothing when nobody hears its answer: where its connection is closed by the other
 * side, gone is called at once, and not only some seconds later. */
void control_wait_heard(struct control_request *request);
/* Are both requests of one connection? */
bool control_request_together(const struct control_request *a, const struct control_request *b);
/* Bytes of answers that its connection has not read. */
size_t control_request_unread(const struct control_request *request);

/* Something on the way: a line of its own before the answer. Where the asker does not read, the connection is ended and
 * gone is called later. */
void control_tell(struct control_request *request, struct json line);
/* Ends the request with a result (absent: null), or with an error. It may not be used any more then. */
void control_answer(struct control_request *request, struct json result);
void control_fail(struct control_request *request, const struct error *err);
/* Within the handler: the answer comes later. Exactly one thing ends the request then: the owner's answer, or a call of
 * gone, after which it may not be used any more: the asker has gone away, or the control is being closed. gone is not
 * called from within this call, nor from within control_tell. */
void control_wait(struct control_request *request, void (*gone)(void *data, struct control_request *request),
                  void *data);

/* ---- from within ---- */

/* A verb that is asked through another door of the daemon than the socket. */
struct control_call {
    const char *verb;
    struct json args; /* an object, or absent; valid during the call */
    struct control_peer peer;
    void (*told)(void *data, struct json line); /* on the way; NULL: that is left out */
    /* Once, within control_call or later. err: there is no result; what is valid, is so during the call. ERR_CANCELLED:
     * the control is being closed. */
    void (*done)(void *data, struct json result, const struct error *err);
    void *data;
};
/* *request: to give it up; NULL: done was called already. 0 or ERR_NOMEM, and then done is not called. */
int control_call(struct control *control, const struct control_call *call, struct control_request **request,
                 struct error *err);
/* Nobody waits for the answer any more: done is not called. What the verb does goes on, or ends, as where an asker of
 * the socket goes away. */
void control_call_give_up(struct control_request *request);

#endif
