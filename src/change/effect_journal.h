/* Notes in the journal whether and when the effects of changes really came: after the run, which does not wait for it.
 * A few at a time are watched (effect_watch.h), the others wait for their turn; what comes meanwhile is seen then. */
#ifndef MPIJOBD_CHANGE_EFFECT_JOURNAL_H
#define MPIJOBD_CHANGE_EFFECT_JOURNAL_H

#include "change/change.h"

#define EFFECT_JOURNAL_AT_ONCE 8
#define EFFECT_JOURNAL_QUEUED 10000    /* more than that are not looked at */
#define EFFECT_JOURNAL_PAUSE_MS 600000 /* after it turned out that what has to be watched may not be */

struct effect_journal;

struct effect_journal *effect_journal_new(const struct site *site); /* NULL: out of memory */
/* Cancels all; nothing is noted of what was not seen. */
void effect_journal_free(struct effect_journal *effect_journal);
/* A change that was made, with its row in the journal. Nothing happens where nothing is to be seen of it. */
void effect_journal_add(struct effect_journal *effect_journal, const char *policy, const struct change_result *result);

#endif
