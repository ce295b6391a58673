/* A request and its answer, as whoever carries them sees them: plain data. */
#ifndef SIM_SERVER_MESSAGE_H
#define SIM_SERVER_MESSAGE_H
#include "sim/doc/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_watch;

struct sim_request {
    const char *method;
    const char *target;                                             /* path and query as sent, still encoded */
    const char *accept, *content_type, *authorization, *user_agent; /* NULL where the header is missing */
    const char *certificate; /* the common name of a client certificate that is good; NULL: none */
    bool bad_certificate;    /* there is one, and it is not */
    void (*each_header)(void *owner, void (*each)(void *data, const char *name, const char *value), void *data);
    void *owner;
    bool too_large; /* the body was above the server's limit and has not been kept */
    const char *body;
    size_t body_len;
};

enum { SIM_BODY_MAX = 3145728 };

enum sim_wire_kind { SIM_WIRE_NORMAL, SIM_WIRE_RESET, SIM_WIRE_CLOSE, SIM_WIRE_STALL };

/* How a fault wants the answer carried. An embedder may ignore it. */
struct sim_wire {
    enum sim_wire_kind kind;
    int64_t delay_ms;
    size_t cut_at; /* bytes of the body after which cut_kind happens; SIZE_MAX: never */
    enum sim_wire_kind cut_kind;
    size_t trickle_bytes; /* so many bytes every trickle_ms; 0: at once */
    int64_t trickle_ms;
    int64_t length_off; /* what the Content-Length lies by */
    bool restart;       /* close all other connections */
};

struct sim_header {
    char *name, *value;
};

struct sim_response {
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
