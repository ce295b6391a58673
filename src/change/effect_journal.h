/* Notes in the journal whether and when the effects of changes really came: after the run, which does not wait for it.
 * A few at a time are watched (effect_watch.h), the others wait for their turn; what comes meanwhile is seen then. */
#ifndef MPIJOBD_CHANGE_EFFECT_JOURNAL_H
#define MPIJOBD_CHANGE_EFFECT_JOURNAL_H

#include "change/replace.h"

#define OBSERVER_AT_ONCE 8
#define OBSERVER_QUEUED 10000    /* more than that are not looked at */
#define OBSERVER_PAUSE_MS 600000 /* after it turned out that what has to be watched may not be */

struct observer;

struct observer *observer_new(const struct replace_context *context); /* NULL: out of memory */
/* Cancels all; nothing is noted of what was not seen. */
void observer_free(struct observer *observer);
/* A change that was made, with its row in the journal. Nothing happens where nothing is to be seen of it. */
void observer_add(struct observer *observer, const char *policy, const struct replace_result *result);

#endif
