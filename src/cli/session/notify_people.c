/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications that no policy asks for. */
#include "cli/session/notify_people.h"

#include <string.h>

#include "outside/outbox.h"
#include "outside/outside.h"

static bool wanted(char *const *names, const char *sink)
{
    if (!names)
        return true;
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], sink) == 0)
            return true;
    }
    return false;
}

static void not_told(struct session *s, const struct error *err, const char *policy, const char *sink)
{
    log_event(&s->log, LOG_ERROR, "people are not told of what became of a policy",
              LOG_FIELDS({"reason", err->message}, {"policy", policy}, {"sink", sink}));
}

static void told(void *data, const struct error *err)
{
    if (err)
        not_told(data, err, NULL, NULL);
}

static void tell(struct session *s, const struct outbox_sink *sink, const struct people_news *news)
{
    struct notice notice = {.type = sink->notice.type, .about = news->run, .created = clock_now(&s->clock)};
    struct error err;
    buf_puts(&notice.parts[PART_SINK], sink->name);
    buf_puts(&notice.parts[PART_POLICY], news->policy);
    if (news->cluster)
        buf_puts(&notice.parts[PART_CLUSTER], news->cluster);
    if (sink->notice.type == NOTICE_EMAIL && !sink->notice.parts[PART_SUBJECT].len)
        buf_puts(&notice.parts[PART_SUBJECT], news->subject);
    buf_puts(&notice.parts[PART_TEXT], news->text);
    if (outbox_add(s->outside, &notice, told, s, &err))
        not_told(s, &err, news->policy, sink->name);
    notice_free(&notice);
}

void people_tell(struct session *s, const struct people_news *news)
{
    for (size_t i = 0; i < s->config.sink_count; i++) {
        if (wanted(news->sinks, s->config.sinks[i].name))
            tell(s, &s->config.sinks[i], news);
    }
}
