/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the state, and a notification for each sink. */
#include "cli/session/tripped.h"

#include <stdio.h>

#include "cli/session/notify_people.h"
#include "pause/pauses.h"

static void kept(void *data, int64_t id, const struct error *err)
{
    struct session *s = data;
    (void)id;
    if (err)
        log_event(&s->log, LOG_ERROR, "a pause by the breaker could not be kept: a restart forgets it",
                  LOG_FIELDS({"reason", err->message}));
}

void session_tripped(struct session *s, const struct paused_mark *mark)
{
    char subject[128], text[PAUSED_WHY + 384];
    snprintf(subject, sizeof subject, "mpijobd has paused policy %s", mark->policy);
    snprintf(text, sizeof text, "mpijobd has paused policy %s: %s. `mpijobd resume %s` lets it run again.",
             mark->policy, mark->why, mark->policy);
    pauses_keep(s->store, mark, kept, s);
    people_tell(s, &(struct people_news){s->config.breaker_notify, mark->policy, subject, text, NULL, 0});
}
