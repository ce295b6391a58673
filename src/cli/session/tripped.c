/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the state, and a notification for each sink. */
#include "cli/session/tripped.h"

#include <string.h>

#include "engine/pauses.h"
#include "outside/outbox.h"
#include "outside/outside.h"

static void kept(void *data, int64_t id, const struct error *err)
{
    struct session *s = data;
    (void)id;
    if (err)
        log_event(&s->log, LOG_ERROR, "a pause by the breaker could not be kept: a restart forgets it",
                  LOG_FIELDS({"reason", err->message}));
}

static bool wanted(const struct session *s, const char *sink)
{
    char **names = s->config.breaker_notify;
    if (!names)
        return true;
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], sink) == 0)
            return true;
    }
    return false;
}

static void told(void *data, const struct error *err)
{
    struct session *s = data;
    if (err)
        log_event(&s->log, LOG_ERROR, "that a policy was paused is not told", LOG_FIELDS({"reason", err->message}));
}

static void notify(struct session *s, const struct outbox_sink *sink, const struct paused_mark *mark)
{
    struct notice notice = {.type = sink->notice.type, .created = clock_now(&s->clock)};
    struct error err;
    buf_puts(&notice.parts[PART_SINK], sink->name);
    buf_puts(&notice.parts[PART_POLICY], mark->policy);
    if (sink->notice.type == NOTICE_EMAIL && !sink->notice.parts[PART_SUBJECT].len)
        buf_printf(&notice.parts[PART_SUBJECT], "mpijobd has paused policy %s", mark->policy);
    buf_printf(&notice.parts[PART_TEXT], "mpijobd has paused policy %s: %s. `mpijobd resume %s` lets it run again.",
               mark->policy, mark->why, mark->policy);
    if (outbox_add(s->outside, &notice, told, s, &err))
        log_event(&s->log, LOG_ERROR, "that a policy was paused is not told",
                  LOG_FIELDS({"policy", mark->policy}, {"sink", sink->name}, {"reason", err.message}));
    notice_free(&notice);
}

void session_tripped(struct session *s, const struct paused_mark *mark)
{
    pauses_keep(s->store, mark, kept, s);
    for (size_t i = 0; i < s->config.sink_count; i++) {
        if (wanted(s, s->config.sinks[i].name))
            notify(s, &s->config.sinks[i], mark);
    }
}
