/* Faults that were asked for: which requests they meet, and what they do to them. */
#ifndef SIM_FAULT_FAULTS_H
#define SIM_FAULT_FAULTS_H
#include "sim/server/exchange.h"

struct fault_type;

struct fault {
    const struct fault_type *type;
    char *method, *path; /* NULL: any; the path is a glob */
    int watch;           /* 1: watches only, 0: all but watches, -1: any request */
    int64_t count;       /* so many requests are met; -1: all */
    int64_t after;       /* the first ones that would be met are let through */
    double probability;
    int code;          /* 0: the type's own */
    int64_t ms, bytes; /* -1: the type's own */
    int retry_after;
    char *text, *media, *location, *reason, *message;
    uint64_t hits;
};

struct faults {
    struct fault **item;
    size_t count;
};

struct fault_type {
    const char *name, *about, *keys;
    bool at_once;                                        /* acts when it is added, not on requests */
    void (*before)(struct fault *f, struct exchange *x); /* instead of the work, or how the answer is carried */
    void (*after)(struct fault *f, struct exchange *x);  /* on the answer; the work is done */
    void (*now)(struct fault *f, struct sim *sim, struct sim_wire *wire);
};

extern const struct fault_type fault_types[];
extern const size_t fault_type_count;

struct fault *faults_before(struct faults *all, struct exchange *x); /* the fault that meets this request, or NULL */
void faults_after(struct faults *all, struct fault *f, struct exchange *x);
char *faults_read(struct sim *sim, const char *spec, struct sim_wire *wire); /* NULL, or what is wrong */
void faults_clear(struct faults *all);
void faults_write(const struct faults *all, struct buf *out);

/* Faults as the command line and /_sim/faults take them: SPEC or @FILE, see --help faults. NULL, or what is wrong. */
char *sim_faults_add(struct sim *sim, const char *spec);
const char *sim_faults_help(void);
bool sim_refuses_connection(struct sim *sim); /* a fault says that the next connection is to be broken off */
#endif
