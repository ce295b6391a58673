/* SPDX-License-Identifier: Apache-2.0 */
/* GPU-hours that were given back, by the journal. Of each job the first change counts that had the controller remove
 * the pods of a job that had ended (change/frees.h): from the time at which the pods went, until the controller would
 * have deleted the job by itself, for `at_most`, or until now, whatever comes first. A change whose effect was looked
 * for and did not come counts nothing. */
#ifndef MPIJOBD_SAVED_SAVED_H
#define MPIJOBD_SAVED_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/journal.h"

enum saved_by { SAVED_BY_POLICY, SAVED_BY_NAMESPACE, SAVED_BY_CLUSTER, SAVED_BY_LABEL };
struct saved_price {
    const char *cluster; /* NULL: of all that have no price of their own */
    double gpu_hour;
};
struct saved_options {
    int64_t since, now; /* microseconds since 1970: hours between the two count */
    int64_t at_most;    /* microseconds: of one job */
    enum saved_by by;   /* besides the policy */
    const char *label;  /* its key */
    const struct saved_price *prices;
    size_t price_count; /* 0: none */
};
/* "policy", "namespace", "cluster", "label:KEY"; NULL: policy. ERR_INVALID. The label points into text. */
int saved_by_parse(const char *text, struct saved_options *options, struct error *err);

struct saved_row {
    const char *policy; /* STORE_BY_HAND: a person's changes */
    const char *group;  /* of the other key; NULL: the job has none, or it is by policy alone */
    int64_t jobs, gpus;
    int64_t seen; /* jobs of which the pods were seen to go; of the others that is judged */
    double hours; /* GPU-hours */
    double worth; /* by the prices */
};

struct saved;
/* What options points to outlives it. NULL: out of memory. */
struct saved *saved_new(const struct saved_options *options);
void saved_free(struct saved *saved); /* NULL is ignored */
/* Rows of the journal that can count: of the others it need not be told. */
struct store_filter saved_filter(const struct saved *saved);
/* One of them, of any journal, in any order. False: out of memory, which saved_sum tells. */
bool saved_add(struct saved *saved, const struct store_change *change);
/* All have been added. 0 or ERR_NOMEM. */
int saved_sum(struct saved *saved, struct error *err);
/* Then: the rows, the most hours first; and the sum of all. */
size_t saved_count(const struct saved *saved);
const struct saved_row *saved_at(const struct saved *saved, size_t i);
const struct saved_row *saved_total(const struct saved *saved);
/* Changes that do not count: their effect did not come; and an mpijobd made them that did not write down how many GPUs
 * they freed. */
int64_t saved_not_seen(const struct saved *saved);
int64_t saved_untold(const struct saved *saved);
/* Jobs whose hours `at_most` has ended. */
int64_t saved_cut(const struct saved *saved);

#endif
