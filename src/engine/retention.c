/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's old rows: removed at the start, and then once a day on the wall clock; where its size is bounded, once
 * an hour. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/engine_parts.h"
#include "store/journal.h"

#define DAY (INT64_C(86400) * CLOCK_SECOND)
#define HOUR (INT64_C(3600) * CLOCK_SECOND)

/* data: the log, as the engine may be gone by now. */
static void pruned(void *data, int64_t rows, const struct error *err)
{
    const struct log *log = data;
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, rows);
    if (err && err->code != ERR_CANCELLED)
        log_event(log, LOG_WARN, "the journal's old rows could not be removed", LOG_FIELDS({"reason", err->message}));
    else if (!err && rows)
        log_event(log, LOG_INFO, "old rows of the journal were removed", LOG_FIELDS(LOG_JSON_FIELD("rows", count)));
}

void retention_rang(struct alarm *alarm, int64_t now)
{
    struct engine *e = alarm->data;
    int64_t every = e->o.keep_bytes ? HOUR : DAY;
    journal_prune(e->o.journal, e->o.keep ? now - e->o.keep : 0, e->o.keep_bytes, pruned, (void *)(uintptr_t)e->o.log);
    int64_t next = alarm->due + every > now ? alarm->due + every : now + every;
    if (alarm_set(e->alarms, alarm, next))
        log_line(e->o.log, LOG_WARN, "the journal's old rows are not removed any more: out of memory");
}

void retention_start(struct engine *e)
{
    if (e->o.journal && (e->o.keep > 0 || e->o.keep_bytes > 0))
        alarm_set(e->alarms, &e->prune, clock_now(e->o.clock));
}
