/* SPDX-License-Identifier: Apache-2.0 */
/* Writes that may still come. A request whose answer was lost may lie in a queue of the kernel, of a proxy or of the
 * API server: the object is looked up and shows that nothing was done, and a moment later it is. Who then computes the
 * change again from the object makes it a second time. So a write that was looked up as not done is noted here for a
 * while, and the next change of the same policy on the same job looks whether it has come meanwhile.
 *
 * Only for policies that act once on a job (those with a row in `handled`). For the loop's thread. */
#ifndef MPIJOBD_CHANGE_LATE_H
#define MPIJOBD_CHANGE_LATE_H

#include "change/write.h"

#define LATE_MOST 10000                  /* noted at once; beyond, the oldest are forgotten */
#define LATE_FOR_US (600 * CLOCK_SECOND) /* microseconds that one is noted for */

struct late_entry;
struct late_writes {           /* zeros: none */
    struct late_entry *by_job; /* a uthash, the oldest first */
};

/* handled_key: of the policy; row: in the journal. Replaces what was noted of that policy and job. Without memory it is
 * not noted: then it is as if it could not come any more. late or handled_key NULL: nothing happens. */
void late_note(struct late_writes *late, const char *handled_key, enum write_verb verb, const struct write_row *write,
               int64_t row);
/* Does the object show that a write which was noted has come? Then it is noted no more, and *row is its row; 0: another
 * daemon may have made it (late_others). */
bool late_came(struct late_writes *late, const char *handled_key, const char *uid, struct json object, int64_t *row);
/* A later change of the policy was made on that job. */
void late_settled(struct late_writes *late, const char *handled_key, const char *uid);
/* From now on others may act on these jobs: what shows later may be theirs, and stands in their journals. */
void late_others(struct late_writes *late);
void late_free(struct late_writes *late);

#endif
