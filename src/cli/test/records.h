/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in a test's world, one JSON object each, in order:
 *   {"type":"change","at":S,"policy":"p","run":1,"job":"ns/name","changed":true,"waits":false,"effect":"effective",
 *    "why":"...","diff":[{"path":...,"before":...,"after":...}],"launcher":[...]}
 *    or with "error" and "reason" instead of effect
 *   {"type":"run","at":S,"policy":"p","run":1,"trigger":"match","outcome":"done","changed":1,"unchanged":0,"failed":0}
 *   {"type":"log","at":S,"level":"info","message":"...","fields":{...}} */
#ifndef MPIJOBD_CLI_TEST_RECORDS_H
#define MPIJOBD_CLI_TEST_RECORDS_H

#include "change/change.h"
#include "outside/notice.h"
#include "outside/web_fill.h"
#include "run/run.h"

struct records {
    const struct clock *clock;
    char **items; /* each a text of its own */
    size_t count, cap;
};

void records_init(struct records *r, const struct clock *clock);
void records_free(struct records *r);

/* Callbacks of the engine and of a log, with a struct records as their data. A record for which there is no memory is
 * left out. */
void records_change(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err);
void records_run(void *data, const struct run *run);
/* status 0: nobody answered. */
void records_request(struct records *r, const char *policy, const char *method, const struct web_text *text,
                     int status);
void records_notice(struct records *r, const struct notice *notice);
void records_log(void *data, enum log_level level, const char *message, const struct log_field *fields);

#endif
