/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan has found, kept until all policies are done: they run side by side, and are told one after the other. */
#ifndef MPIJOBD_CLI_PLAN_PLAN_ROWS_H
#define MPIJOBD_CLI_PLAN_PLAN_ROWS_H

#include <stdio.h>

#include "engine/engine.h"

struct plan_row;
struct plan_sum;
struct plan_rows { /* zeroed at the beginning */
    struct plan_row *rows;
    struct plan_sum *sums;
    size_t row_count, row_cap, sum_count, sum_cap;
    int64_t changed, unchanged, failed, gpus; /* of all policies */
    bool full;                                /* out of memory: something is missing */
};

/* text: of one change of one job, copied; last: it is made after those of other jobs; gpus: that the change gives
 * back. */
void plan_rows_add(struct plan_rows *p, const struct run *run, const char *job, struct str text, bool last,
                   int64_t gpus);
/* A run has ended: its counts, and its error where it has one. */
void plan_rows_ended(struct plan_rows *p, const struct run *run);
/* By policies as their files have them, by cluster, those that are made last at the end, by job; of one job in the
 * order in which they came. */
void plan_rows_sort(struct plan_rows *p, const struct policy_set *set);

/* The texts one after the other, with `between` between two of them. */
void plan_rows_write(const struct plan_rows *p, const char *between, FILE *out);
void plan_rows_write_errors(const struct plan_rows *p, FILE *out);
/* A table: a line for each policy, or for each policy in each cluster. */
void plan_rows_write_sums(const struct plan_rows *p, bool clusters, FILE *out);
void plan_rows_free(struct plan_rows *p);

#endif
