/* SPDX-License-Identifier: Apache-2.0 */
/* What requests came to the server, for the assertions of tests. */
#ifndef SIM_CORE_RECORDER_H
#define SIM_CORE_RECORDER_H
#include "sim/fault/faults.h"

struct recorder *recorder_new(void);
void recorder_free(struct recorder *r);
void recorder_reset(struct recorder *r);
/* fault: the one that hit the request, or NULL. */
void recorder_add(struct recorder *r, const struct exchange *x, const struct fault *fault);
/* Adds JSON to out. The query of the exchange filters: method, path (a glob), since, limit, body=0. */
void recorder_write(const struct recorder *r, const struct exchange *x, struct buf *out);
void recorder_write_counts(const struct recorder *r, struct buf *out);
#endif
