/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MPIJOBD_CLI_APPLY_APPLYING_H
#define MPIJOBD_CLI_APPLY_APPLYING_H

#include "cli/session/session.h"
#include "cli/terminal/progress.h"
#include "plan/plan_work.h"
#include "json/write.h"

struct apply {
    struct session s;
    struct site site;
    struct plan plan;
    struct plan_work work;
    struct progress progress;
    const char *path;
    char identity[64];                     /* of the cluster that is there; "": it is not known */
    char job[520];                         /* of --job, cut at its slash */
    const char *job_namespace, *job_name;  /* --job; NULL: all */
    int64_t run;                           /* of the apply itself; 0: it is not written down */
    size_t meant;                          /* changes of the plan that --job lets through */
    size_t changed, already, left, failed; /* of these */
    size_t files_moved;
    bool colour;
    struct buf json;
    struct json_writer w;
};

/* ---- apply_fit.c ---- */

bool apply_wants(const struct apply *a, const struct plan_change *change);
/* Is it the plan's cluster? 0, or the exit code after the error was printed. */
int apply_check_cluster(struct apply *a);
/* Looks at all objects and at the policies' files, tells what has moved, and counts it. 0: the changes that fit may be
 * made; else the exit code after the error was printed. */
int apply_fit(struct apply *a);

/* ---- apply_print.c ---- */

void apply_print_begin(struct apply *a);
/* Of a change that is not made. */
void apply_print_left(struct apply *a, const struct plan_item *item);
void apply_print_done(struct apply *a, const struct plan_item *item, const struct change_result *result,
                      const struct error *err);
void apply_print_file(struct apply *a, const struct plan_file *file);
void apply_print_end(struct apply *a);

#endif
