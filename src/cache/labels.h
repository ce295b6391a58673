/* A job's labels as sixty-four bits: whoever has a label has its bits, so most jobs that lack it are ruled out without
 * a look at them. */
#ifndef MPIJOBD_CACHE_LABELS_H
#define MPIJOBD_CACHE_LABELS_H

#include "cache/jobs.h"
#include "mpijob/match/match.h"
#include "json/value.h"

uint64_t labels_bits(const struct jobs *jobs, struct json labels);

/* What a match asks for. NULL: no label, or no memory: then nothing is ruled out. */
struct cache_wants;
struct cache_wants *labels_wants(const struct jobs *jobs, const struct mpijob_match *match);
bool labels_pass(const struct cache_wants *wants, uint64_t bits);

#endif
