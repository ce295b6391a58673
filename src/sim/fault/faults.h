/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that tests ask for: which requests they hit, and what they do to them. */
#ifndef SIM_FAULT_FAULTS_H
#define SIM_FAULT_FAULTS_H
#include "sim/fault/faults_add.h"
#include "sim/server/exchange.h"

struct fault_type;

struct fault {
    const struct fault_type *type;
    char *method, *path; /* NULL: any; the path is a glob */
    int watch;           /* 1: watches only, 0: all but watches, -1: any request */
    int64_t count;       /* so many requests are hit; -1: all */
    int64_t after;       /* so many requests that would be hit are let through first */
    double probability;
    int code;                          /* 0: that of the type */
    int64_t ms, bytes;                 /* -1: those of the type */
    int retry_after;                   /* seconds; -1: that of the type */
    int64_t seats, queue, *busy_until; /* capacity.h: the last is made when it is first needed */
    char *text, *media, *location, *reason, *message;
    uint64_t hits;
};

struct faults { /* those that are waiting for requests */
    struct fault **item;
    size_t count;
};

struct fault_type {
    const char *name, *about, *keys; /* keys: with a space before and after each */
    bool at_once;                    /* `now` acts when the fault is added; it hits no requests */
    bool adds;                       /* a request that it lets through can be hit by another fault, too */
    void (*before)(struct fault *f, struct exchange *x); /* in place of the work, or on how the answer is carried */
    void (*after)(struct fault *f, struct exchange *x);  /* on the answer; the work is done */
    void (*now)(struct fault *f, struct sim *sim, struct sim_wire *wire);
};

extern const struct fault_type fault_types[];
extern const size_t fault_type_count;

struct fault *faults_before(struct faults *all, struct exchange *x); /* the fault that hits this request, or NULL */
void faults_after(struct faults *all, struct fault *f, struct exchange *x);
/* Adds the faults of a text or JSON, or of "@FILE"; see --help faults. NULL, or what is wrong (to be freed). */
char *faults_read(struct sim *sim, const char *spec, struct sim_wire *wire);
void faults_clear(struct faults *all);
void faults_write(const struct faults *all, struct buf *out);
#endif
