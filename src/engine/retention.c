/* Once a day, on the wall clock. */
#include "engine/retention.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/engine_parts.h"
#include "store/journal.h"

#define DAY (INT64_C(86400) * CLOCK_SECOND)

/* Where the engine has gone meanwhile, the store's log is what is left to tell it to. */
static void pruned(void *data, int64_t rows, const struct error *err)
{
    const struct log *log = data;
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, rows);
    if (err && err->code != ERR_CANCELLED)
        log_event(log, LOG_WARN, "the journal's old rows could not be removed", LOG_FIELDS({"reason", err->message}));
    else if (!err && rows)
        log_event(log, LOG_INFO, "old rows of the journal were removed", LOG_FIELDS({"rows", count}));
}

static void rang(struct alarm *alarm, int64_t now)
{
    struct retention *r = alarm->data;
    const struct engine_options *o = &r->engine->o;
    journal_prune(o->journal, now - o->keep, pruned, (void *)(uintptr_t)o->log);
    int64_t next = alarm->due + DAY > now ? alarm->due + DAY : now + DAY;
    if (alarm_set(r->engine->alarms, &r->alarm, next))
        log_line(o->log, LOG_WARN, "the journal's old rows are not removed any more: out of memory");
}

void retention_start(struct retention *r, struct engine *engine)
{
    *r = (struct retention){.engine = engine, .alarm = {.ring = rang, .data = r}};
    if (engine->o.journal && engine->o.keep > 0)
        alarm_set(engine->alarms, &r->alarm, clock_now(engine->o.clock));
}

void retention_stop(struct retention *r)
{
    if (r->engine)
        alarm_stop(r->engine->alarms, &r->alarm);
}
