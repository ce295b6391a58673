/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the journal's chain goes where the journal's file is not: into the log, and into the daemon's Lease where
 * there is an election. Who writes the file again cannot change what a log has taken already
 * (`mpijobd journal --verify --head`). */
#include <string.h>

#include "engine/engine_parts.h"
#include "store/journal_chain.h"

#define HEAD_NOTE "mpijobd.io/journal-head" /* annotations */
#define WHOSE_NOTE "mpijobd.io/journal-of"
#define TELL_EVERY (INT64_C(900) * CLOCK_SECOND)

/* Each daemon has a journal of its own: whose head it is has to be told, too. */
static void note(struct lead *lead, const char *head)
{
    lead_note(lead, HEAD_NOTE, head);
    lead_note(lead, WHOSE_NOTE, lead_look(lead).identity);
}

void head_tell(struct engine *e)
{
    char head[CHAIN_HEAD_SIZE];
    if (!e->o.tell_head || !e->o.journal)
        return;
    journal_head(e->o.journal, head);
    for (size_t i = 0; strncmp(head, "0:", 2) != 0 && i < e->cluster_count; i++) {
        if (e->clusters[i].lead)
            note(e->clusters[i].lead, head);
    }
    if (strncmp(head, "0:", 2) == 0 || strcmp(head, e->head_told) == 0) /* nothing was written yet, or since */
        return;
    memcpy(e->head_told, head, sizeof head);
    log_event(e->o.log, LOG_INFO, "the journal's head", LOG_FIELDS({"head", head}));
}

void head_rang(struct alarm *alarm, int64_t now)
{
    struct engine *e = alarm->data;
    head_tell(e);
    if (alarm_set(e->alarms, alarm, now + TELL_EVERY))
        log_line(e->o.log, LOG_WARN, "the journal's head is not told any more: out of memory");
}

void head_start(struct engine *e)
{
    if (e->o.tell_head && e->o.journal)
        head_rang(&e->head, clock_now(e->o.clock));
}
