/* SPDX-License-Identifier: Apache-2.0 */
/* What a test has in the place of web servers and people: answers that the spec has given beforehand. What policies
 * ask and tell is written down for the assertions. */
#ifndef MPIJOBD_CLI_TEST_STAND_IN_H
#define MPIJOBD_CLI_TEST_STAND_IN_H

#include "cli/test/records.h"
#include "outside/outbox.h"
#include "outside/outside.h"
#include "json/value.h"

struct replay_web;
struct stub;
struct stand_in {
    struct outside_stand_in seam;  /* for outside_config */
    struct outbox_sink prometheus; /* the server that policies ask there, whatever its name */
    struct records *records;       /* of the test's world */
    struct stub *stubs;            /* the newest first */
    struct replay_web *recorded;   /* answers of a recorded run, instead of stubs; NULL: a spec. Not owned */
    char *unanswered;              /* the first request that nothing stands in for; NULL: each had an answer */
};

/* Stubs may be there before the test has a world, which then sets `records`. */
void stand_in_open(struct stand_in *s);
void stand_in_clear(struct stand_in *s); /* the test has ended */
void stand_in_close(struct stand_in *s);
/* { method, url, sent: globs; status, headers, body, fail, times }, of the form that lua/mpijobd/test gives. ERR_NOMEM.
 * A newer stub goes before an older one. */
int stand_in_add(struct stand_in *s, struct json stub, struct error *err);

#endif
