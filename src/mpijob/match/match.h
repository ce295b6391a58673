/* SPDX-License-Identifier: Apache-2.0 */
/* The declarative conditions of a policy, compiled: no Lua runs for a job that they rule out. All given conditions must
 * hold. kubectl's selector language whole: =, ==, !=, in, notin, key, !key.
 *
 * Instants (now, due) are microseconds since 1970, spans microseconds. What adds a condition returns 0 or ERR_INVALID
 * (the value is not allowed), ERR_SYNTAX (a selector cannot be read), ERR_LIMIT (too many conditions) or ERR_NOMEM. */
#ifndef MPIJOBD_MPIJOB_MATCH_MATCH_H
#define MPIJOBD_MPIJOB_MATCH_MATCH_H

#include "mpijob/match/selector.h"
#include "mpijob/view.h"

struct mpijob_match;

struct mpijob_match *mpijob_match_new(void); /* every job that is not being deleted; NULL: out of memory */
void mpijob_match_free(struct mpijob_match *match);
size_t mpijob_match_bytes(const struct mpijob_match *match); /* of memory, about */

/* Several calls add alternatives (any of them). Globs. */
int mpijob_match_namespace(struct mpijob_match *m, const char *glob, struct error *err);
int mpijob_match_name(struct mpijob_match *m, const char *glob, struct error *err);
int mpijob_match_phase(struct mpijob_match *m, const char *phase,
                       struct error *err); /* an unknown one names the nearest */
/* All of them have to hold. */
int mpijob_match_labels(struct mpijob_match *m, const char *selector, struct error *err);
int mpijob_match_label(struct mpijob_match *m, struct str key, struct str value, struct error *err);
int mpijob_match_annotation(struct mpijob_match *m, struct str key, struct str value, struct error *err);
enum mpijob_span { SPAN_OLDER_THAN, SPAN_PENDING_FOR, SPAN_RUNNING_FOR, SPAN_FINISHED_FOR };
int mpijob_match_span(struct mpijob_match *m, enum mpijob_span span, int64_t us, struct error *err);
int mpijob_match_clean_pod_policy(struct mpijob_match *m, const char *value,
                                  struct error *err); /* None, Running, All or "unset"; several: any */
int mpijob_match_problem(struct mpijob_match *m, const char *problem,
                         struct error *err); /* a name of inspect.h, or "any"; several: any */
/* Jobs with a deletionTimestamp. Their controllers return at once, so they match only where that is asked for. */
enum mpijob_deleting { DELETING_NO, DELETING_ONLY, DELETING_TOO };
void mpijob_match_deleting(struct mpijob_match *m, enum mpijob_deleting deleting);
bool mpijob_match_has_problem(const struct mpijob_match *m); /* such a condition was given */
int mpijob_match_gpus(struct mpijob_match *m, const char *comparison, struct error *err); /* ">0", "<=8", "==4" */

/* An annotation with which a job's owner keeps it from matching until an instant, as "2026-12-01T00:00:00Z" (RFC 3339).
 * One that is more than `most` away, or cannot be read, counts as if it were not there. One an object. */
#define MPIJOB_HOLD_ANNOTATION "mpijobd.io/hold-until"
int mpijob_match_hold(struct mpijob_match *m, const char *annotation, int64_t most, struct error *err);
const char *mpijob_match_hold_annotation(const struct mpijob_match *m); /* "": jobs cannot be held */

/* No parts of jobs of these kinds (a bit by the index of each): what such a job controls, by its owner reference. */
void mpijob_match_wholes(struct mpijob_match *m, uint64_t kinds);
bool mpijob_match_is_part(const struct mpijob_match *m, const struct mpijob_view *view);

/* Does it match at `now`? If not, and only time is missing, *due is the first instant at which it will unless it
 * changes (else INT64_MAX). due may be NULL. */
bool mpijob_match_eval(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now, int64_t *due);

/* The instant from which it matches, as it is, whether that has come or not: MPIJOB_NO_TIME where time does not count,
 * INT64_MAX where it does not match. The same instant means: it is the same time that it came to match. */
int64_t mpijob_match_since(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now);
bool mpijob_match_has_span(const struct mpijob_match *m, enum mpijob_span span);
bool mpijob_match_timed(const struct mpijob_match *m); /* can time alone make a job match? */
/* Do name and namespace fit? No change of a job alters that. */
bool mpijob_match_name_fits(const struct mpijob_match *m, const struct mpijob_view *view);

/* What the server can select: a labelSelector text (empty if none), appended; and the only namespaces it can be about
 * (NULL-terminated, each once), NULL where they are not all named. */
void mpijob_match_selector(const struct mpijob_match *m, struct buf *out);
const char *const *mpijob_match_namespaces(const struct mpijob_match *m);
/* The same namespaces and labels, and no parts either, and nothing else. NULL: out of memory. */
struct mpijob_match *mpijob_match_scope(const struct mpijob_match *m);
/* True where a namespace passes the conditions (for listing by namespace). */
bool mpijob_match_in_namespace(const struct mpijob_match *m, struct str name_space);

/* For an index over many jobs, what can be said without a look at one: the phases (a bit each; 0: any), whether a name
 * passes, and the labels it must have (see selector_wants). */
unsigned mpijob_match_phases(const struct mpijob_match *m);
bool mpijob_match_named(const struct mpijob_match *m, struct str name);
bool mpijob_match_wants(const struct mpijob_match *m, size_t *i, struct mpijob_want *want);

#endif
