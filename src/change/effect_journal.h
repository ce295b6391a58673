/* SPDX-License-Identifier: Apache-2.0 */
/* Notes in the journal whether and when the effects of changes really came. That may be after the run, which does not
 * wait for it. A few effects at a time are watched (effect_watch.h), the others wait for their turn; an effect that
 * came while it waited is seen then. One for each cluster. */
#ifndef MPIJOBD_CHANGE_EFFECT_JOURNAL_H
#define MPIJOBD_CHANGE_EFFECT_JOURNAL_H

#include "change/change.h"

#define EFFECT_JOURNAL_AT_ONCE 8
#define EFFECT_JOURNAL_QUEUED 10000    /* further ones are not looked at */
#define EFFECT_JOURNAL_PAUSE_MS 600000 /* after the server has forbidden what has to be watched */

struct effect_journal;
struct effect_kept;
struct store;

/* The site outlives it. told (may be NULL): called for each effect that was seen or was given up on; it must not free
 * the journal. NULL: out of memory. */
struct effect_journal *effect_journal_new(const struct site *site,
                                          void (*told)(void *data, const struct effect_kept *effect, bool seen),
                                          void *data);
/* Cancels all; effects that were not seen yet get no note, and stay kept. */
void effect_journal_free(struct effect_journal *effect_journal);
/* A change was made, and has its row in the journal. keep: its effect is kept there (effect_kept.h), so that a restart
 * goes on looking for it; the store outlives the journal. NULL: a restart forgets it. False: it is not watched: its
 * effect cannot be seen, or there is no memory. result is read during the call only. */
bool effect_journal_add(struct effect_journal *effect_journal, const char *policy, int64_t run,
                        const struct change_result *result, struct store *keep);
/* The same of one that was kept by an earlier daemon. */
bool effect_journal_add_kept(struct effect_journal *effect_journal, const struct effect_kept *effect,
                             struct store *keep);

#endif
