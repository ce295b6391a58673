/* mpijob-sim's core: a Kubernetes API server for MPIJobs that turns a request into a response.
 * It has no sockets and no clock of its own: the caller tells it the time and carries its answers, so that it can be
 * embedded. One thread. See README.md. */
#ifndef SIM_CORE_SIM_H
#define SIM_CORE_SIM_H
#include "sim/doc/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct sim_watch;

enum sim_profile { SIM_KUBERNETES, SIM_CCI };
enum sim_controller { SIM_MPI_OPERATOR, SIM_TRAINING_OPERATOR };

struct sim_options {
    bool serve_v1alpha2, serve_v1, serve_v2beta1;
    bool siblings;                  /* TFJobs, PyTorchJobs and MXJobs are served too */
    const char *store_as;           /* the version that objects are stored in; NULL: the oldest that is served */
    enum sim_controller controller; /* whose rules the v1 jobs follow, and which schema v1 alone has */
    enum sim_profile profile;
    const char *token;      /* full rights; NULL: everybody has them */
    const char *view_token; /* a user without any rights */
    const char *basic;      /* "user:password", with full rights, as all that follow */
    const char *access_key; /* "access:secret" or "access:secret:security token" */
    const char *iam;        /* "domain:user:project:password" */
    int64_t iam_life_s;     /* of its tokens; 0: a day */
    bool client_ca;         /* client certificates are asked for */
    size_t jobs;
    bool alike; /* one template for all of them */
    uint64_t seed;
    bool life;        /* jobs move on and a controller acts on them */
    double speed;     /* simulated seconds in a real one; 0: the clock is stepped by /_sim/clock */
    int64_t start_us; /* the simulated time at the start, microseconds since 1970 */
    void (*wake)(void *owner, struct sim_watch *w); /* there may be something to read; called from within sim_handle
                                                       and sim_tick, must not call back into the core */
    void *owner;
};

struct sim_request {
    const char *method;
    const char *target;                                             /* path and query as sent, still encoded */
    const char *accept, *content_type, *authorization, *user_agent; /* NULL where the header is missing */
    const char *certificate; /* the common name of a client certificate that is good; NULL: none */
    bool bad_certificate;    /* there is one, and it is not */
    void (*each_header)(void *owner, void (*each)(void *data, const char *name, const char *value), void *data);
    void *owner;
    bool gzip_ok;
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

struct sim *sim_new(const struct sim_options *options);
char *sim_options_problem(const struct sim_options *options); /* NULL: none. To be freed */
void sim_free(struct sim *sim);

/* Tells the time (monotonic milliseconds) and does what is due. Returns when to call again at the latest. */
int64_t sim_tick(struct sim *sim, int64_t mono_ms);

void sim_handle(struct sim *sim, const struct sim_request *req, struct sim_response *resp);
void sim_response_free(struct sim_response *resp);
void sim_response_header(struct sim_response *resp, const char *name, const char *value);

enum sim_watch_state { SIM_WATCH_QUIET, SIM_WATCH_DATA, SIM_WATCH_END, SIM_WATCH_CUT };
/* Adds whole events to out, up to about `most` bytes. CUT: break the connection after what was added. */
enum sim_watch_state sim_watch_read(struct sim_watch *w, struct buf *out, size_t most);
void sim_watch_close(struct sim_watch *w);
void sim_watch_owner(struct sim_watch *w, void *owner);
void *sim_watch_get_owner(const struct sim_watch *w);

/* Faults as the command line and /_sim/faults take them: SPEC or @FILE, see --help faults. NULL, or what is wrong. */
char *sim_faults_add(struct sim *sim, const char *spec);
const char *sim_faults_help(void);
bool sim_refuses_connection(struct sim *sim); /* a fault says that the next connection is to be broken off */
size_t sim_job_count(const struct sim *sim);
#endif
