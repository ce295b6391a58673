/* SPDX-License-Identifier: Apache-2.0 */
/* Counters and gauges that policies make up: mpijobd_own_NAME{policy, ...}. Bounded, since names and values of labels
 * come from scripts. */
#ifndef MPIJOBD_OUTSIDE_OWN_METRICS_H
#define MPIJOBD_OUTSIDE_OWN_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct outside;

#define OWN_METRICS_MAX 20 /* metrics of a policy */
#define OWN_SERIES_MAX 500 /* sets of label values of a policy, over all of its metrics */
#define OWN_LABELS_MAX 3   /* labels of a metric, besides the policy */
#define OWN_NAME_MAX 64    /* bytes of a metric's or a label's name */
#define OWN_VALUE_MAX 128  /* bytes of a label's value */

struct own_label {
    const char *name, *value;
};

/* Adds to a counter, or sets a gauge. labels: sorted by name. ERR_INVALID: a name that may not be, or a metric that has
 * another kind or other labels already; ERR_LIMIT: one too many; ERR_NOMEM. Where nothing is counted (a command), only
 * the names are checked. */
int own_metric(struct outside *outside, const char *policy, bool counter, const char *name, double value,
               const struct own_label *labels, size_t count, struct error *err);

#endif
