/* SPDX-License-Identifier: Apache-2.0 */
/* A request and its answer as plain data, for those who carry them. */
#ifndef SIM_SERVER_MESSAGE_H
#define SIM_SERVER_MESSAGE_H
#include "sim/doc/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_watch;

struct sim_request {
    const char *method;
    const char *target; /* path and query as they were sent, still encoded */
    const char *accept, *content_type, *authorization, *user_agent; /* NULL where the header is missing */
    const char *certificate; /* the common name of a good client certificate; NULL: there is no good one */
    bool bad_certificate;    /* there is one that is not good */
    /* Calls `each` for every header; may be NULL. */
    void (*each_header)(void *owner, void (*each)(void *data, const char *name, const char *value), void *data);
    void *owner;
    bool too_large; /* the body was above SIM_BODY_MAX, and was not kept */
    const char *body;
    size_t body_len;
};

enum { SIM_BODY_MAX = 3145728 }; /* bytes of a request */

enum sim_wire_kind { SIM_WIRE_NORMAL, SIM_WIRE_RESET, SIM_WIRE_CLOSE, SIM_WIRE_STALL };

/* How a fault wants the answer to be carried. Those who embed the core may ignore it. */
struct sim_wire {
    enum sim_wire_kind kind;
    int64_t delay_ms;
    size_t cut_at; /* bytes of the body after which cut_kind happens; SIZE_MAX: never */
    enum sim_wire_kind cut_kind;
    size_t trickle_bytes; /* so many bytes every trickle_ms; 0: all at once */
    int64_t trickle_ms;
    int64_t length_off; /* bytes that Content-Length says too much */
    bool restart;       /* close all other connections */
};

struct sim_header {
    char *name, *value;
};

struct sim_response { /* free it with sim_response_free */
    int status;
    struct buf body;
    const char *content_type;
    struct sim_header *headers;
    size_t header_count;
    struct sim_watch *watch; /* set: the body is a stream; read it with sim_watch_read, then sim_watch_close */
    struct sim_wire wire;
};

void sim_response_header(struct sim_response *resp, const char *name, const char *value); /* copies both */
#endif
