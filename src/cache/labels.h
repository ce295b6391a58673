/* SPDX-License-Identifier: Apache-2.0 */
/* A job's labels as sixty-four bits. A job that has a label has the label's bits set, so most jobs that lack it are
 * ruled out without a look at their objects. */
#ifndef MPIJOBD_CACHE_LABELS_H
#define MPIJOBD_CACHE_LABELS_H

#include "cache/jobs.h"
#include "mpijob/match/match.h"
#include "json/value.h"

uint64_t labels_bits(const struct jobs *jobs, struct json labels);

/* The labels that a match asks for, to be freed with free(). NULL: it asks for no label, or memory is out; then
 * labels_pass lets all jobs pass. */
struct cache_wants;
struct cache_wants *labels_wants(const struct jobs *jobs, const struct mpijob_match *match);
/* False: the job that has these bits cannot match. */
bool labels_pass(const struct cache_wants *wants, uint64_t bits);

#endif
