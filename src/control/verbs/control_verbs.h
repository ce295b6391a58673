/* SPDX-License-Identifier: Apache-2.0 */
/* What a running daemon can be asked over its control socket (control/control.h). docs/reference/control.md has what
 * each verb takes and answers. */
#ifndef MPIJOBD_CONTROL_VERBS_CONTROL_VERBS_H
#define MPIJOBD_CONTROL_VERBS_CONTROL_VERBS_H

#include <uv.h>

#include "base/error.h"
#include "base/log.h"

struct control;
struct engine;
struct lines;
struct log_levels;
struct quarantine;
struct store;
struct verbs;

struct verbs_options { /* all of it outlives the verbs */
    uv_loop_t *loop;
    const struct clock *clock; /* NULL: the system's */
    const struct log *log;
    struct store *store; /* where rows and pauses go */
    struct engine *engine;
    struct quarantine *quarantine;
    struct lines *lines;       /* NULL: none are kept */
    struct log_levels *levels; /* of the log */
};

/* Adds the verbs to the control. ERR_NOMEM. */
int verbs_open(struct control *control, const struct verbs_options *options, struct verbs **verbs, struct error *err);
/* After control_close, whose requests are given up by then. What the verbs have under way ends on the loop; the memory
 * goes with the last of it. NULL is allowed. */
void verbs_close(struct verbs *verbs);

#endif
