/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a Lease of coordination.k8s.io/v1, and who may take it. Pure.
 *
 * The record is that of client-go's leaderelection, so that its electors and ours can share a Lease: who holds it, for
 * how long after each renewal nobody else may take it, when it was taken and renewed, how often it has changed hands.
 * The times in it are for people: clocks of several machines differ. What counts is how long ago, on this machine's own
 * clock, the record was last seen to change. */
#ifndef MPIJOBD_LEAD_LEASE_H
#define MPIJOBD_LEAD_LEASE_H

#include "kube/kube.h"
#include "json/value.h"

#define LEASE_HOLDER_MAX 256    /* bytes with the end; a longer name is cut, and is nobody's here */
#define LEASE_SECONDS_MAX 86400 /* of a record; who writes more is taken to mean this */

extern const struct kube_resource lease_resource;

struct lease_record {
    char holder[LEASE_HOLDER_MAX]; /* "": nobody; it was given back */
    int64_t seconds;               /* leaseDurationSeconds; 0: it makes no sense */
    int64_t acquired, renewed;     /* microseconds since 1970; 0: not said */
    int64_t transitions;
};

/* What is missing or makes no sense is as if it were not there. */
void lease_read(struct json object, struct lease_record *record);
/* Appends a Lease. before: the object that it takes the place of, whose other members it keeps; absent: a new one.
 * annotations: pairs of name and value, ending at a NULL name; NULL: none are set. ERR_NOMEM; what json_edit_apply
 * returns where the object before is no object. */
struct lease_note {
    const char *name, *value;
};
int lease_write(struct json before, const char *name_space, const char *name, const struct lease_record *record,
                const struct lease_note *annotations, struct buf *out, struct error *err);

/* What is known of a Lease, and since when by the local clock. */
struct lease_seen {
    bool known;  /* it was asked for */
    bool exists; /* it was there then; else `record` is the last one before it went, if there was one */
    struct lease_record record;
    int64_t at; /* microseconds of clock_elapsed: when the record was first seen to be as it is */
};

/* It was seen so; record NULL: it is not there. True: it has changed. */
bool lease_see(struct lease_seen *seen, const struct lease_record *record, int64_t now);
/* From when on another than its holder may take it, in microseconds of clock_elapsed: at once (0) where nobody holds
 * it, else when it was seen unchanged for as long as it says; `lease` (microseconds) where it says nothing. A Lease
 * that was deleted is its holder's for as long, because its holder may not know yet. */
int64_t lease_free_at(const struct lease_seen *seen, int64_t lease);

#endif
