/* SPDX-License-Identifier: Apache-2.0 */
/* An API server that answers from a script: on the test's own loop, one prepared reply a request, in order. */
#ifndef MPIJOBD_TESTS_KUBE_SERVER_H
#define MPIJOBD_TESTS_KUBE_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "kube/verbs.h"

enum scripted_act {
    SCRIPTED_ANSWER,
    SCRIPTED_RESET,  /* the request is read, the connection reset */
    SCRIPTED_SILENT, /* the request is read, nothing follows */
    SCRIPTED_CUT,    /* the answer's bytes, then the connection ends */
    SCRIPTED_STREAM, /* the answer's bytes; more follow by scripted_push */
};

struct scripted;

struct scripted *scripted_start(uv_loop_t *loop);
int scripted_port(const struct scripted *server);
/* The next reply: a whole answer as it goes over the wire. */
void scripted_raw(struct scripted *server, enum scripted_act act, const char *bytes, size_t n);
/* The next reply: status line, headers ("Retry-After: 1\r\n", may be ""), body with its length. */
void scripted_reply(struct scripted *server, int status, const char *headers, const char *body);
void scripted_act(struct scripted *server, enum scripted_act act);
/* The next reply: 200, and a body that scripted_push fills in chunks. */
void scripted_stream(struct scripted *server);
/* More of the body of the last stream that began. The loop has to run for it to go out. */
void scripted_push(struct scripted *server, const char *bytes, size_t n);
void scripted_finish(struct scripted *server, bool cut); /* ends it: in good order, or the connection is closed */
bool scripted_streaming(const struct scripted *server);  /* a stream is open */
/* Called when a request has come, before it is answered. */
void scripted_on_request(struct scripted *server, void (*came)(void *data, unsigned number), void *data);

unsigned scripted_count(const struct scripted *server); /* requests so far */
/* Request i (from 0) as it came: request line, headers and body. */
const char *scripted_request(const struct scripted *server, unsigned i);
void scripted_stop(struct scripted *server); /* the loop has to run on for its handles; frees it then */

/* A kube that talks to the server, and a loop that ends clean. */
struct kube_world {
    uv_loop_t loop;
    struct scripted *server;
    struct kube_config config;
    struct kube_options options;
    struct kube *kube;
    bool closed;
};
void kube_world_open(struct kube_world *world);    /* loop, server and config, to be changed before... */
void kube_world_connect(struct kube_world *world); /* ...the kube is opened */
void kube_world_close(struct kube_world *world);   /* asserts that the loop holds nothing any more */

/* What a call came to. */
struct kube_result {
    bool ended;
    bool lost;
    int status;
    unsigned tries;
    struct error error; /* code 0: success */
    char *body;         /* of a success, taken */
    size_t len;
    struct kube_world *world;
};
void kube_result_done(void *data, struct kube_request *request, const struct kube_answer *answer,
                      const struct error *err, bool lost);
/* A call of the job ns/a, of the test's own resource `jobs`, that ends in a kube_result (.data). */
#define CALL(...)                                                                                                      \
    (&(struct kube_call){.resource = &jobs, .name_space = "ns", .name = "a", .done = kube_result_done, __VA_ARGS__})
void kube_result_wait(struct kube_result *result); /* runs the loop until it has ended */
void kube_result_free(struct kube_result *result);

#endif
