/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the verbs: their tables, and the memory that they share with what is under way. */
#include "control/verbs/control_verbs.h"

#include <stdlib.h>

#include "control/turns/undo_turn.h"
#include "control/verbs/parts.h"
#include "store/store.h"

void verbs_hold(struct verbs *v)
{
    v->under_way++;
}

void verbs_release(struct verbs *v)
{
    if (--v->under_way || !v->closed)
        return;
    given_out_free(&v->rows);
    given_out_free(&v->runs);
    free(v);
}

int verbs_open(struct control *control, const struct verbs_options *options, struct verbs **out, struct error *err)
{
    struct verbs *v = calloc(1, sizeof *v);
    if (!v)
        return error_nomem(err);
    v->o = *options;
    v->under_way = 1; /* the caller's */
    v->state = store_state(options->store);
    int rc = control_add(control, rows_verbs, v, err);
    if (!rc)
        rc = control_add(control, hand_run_verbs, v, err);
    if (!rc)
        rc = control_add(control, act_verbs, v, err);
    if (!rc)
        rc = control_add(control, approval_verbs, v, err);
    if (!rc)
        rc = control_add(control, log_level_verbs, v, err);
    if (!rc)
        rc = control_add(control, undo_verbs, v, err);
    if (!rc)
        rc = control_add(control, undo_turn_verbs, options->engine, err);
    if (!rc)
        rc = control_add(control, status_verbs, v, err);
    if (!rc)
        rc = control_add(control, journal_verbs, v, err);
    if (!rc)
        rc = control_add(control, why_verbs, v, err);
    if (!rc)
        rc = control_add(control, eval_verbs, v, err);
    if (!rc)
        rc = control_add(control, session_verbs, v, err);
    if (!rc)
        rc = control_add(control, log_verbs, v, err);
    if (!rc)
        rc = control_add(control, hold_verbs, v, err);
    if (!rc)
        rc = control_add(control, jobs_verbs, v, err);
    if (!rc)
        rc = control_add(control, report_verbs, v, err);
    if (rc) {
        free(v);
        return rc;
    }
    *out = v;
    return 0;
}

void verbs_close(struct verbs *v)
{
    if (!v)
        return;
    v->closed = true;
    verbs_release(v);
}
