/* SPDX-License-Identifier: Apache-2.0 */
/* Changes by hand while the configuration has a freeze: they take --override, and the journal says so. */
#include "cli/session/hand_parts.h"

#include "store/journal.h"

static const struct freezes *freezes_of(const struct session *s)
{
    return &s->config.freezes;
}

int hand_check_freeze(struct session *s)
{
    char text[FREEZE_TEXT];
    int64_t now = clock_seconds(&s->clock);
    if (s->options.dry_run || s->options.override || !freezes_at(freezes_of(s), now))
        return 0;
    error_set(&s->error, ERR_REFUSED,
              "nothing was changed: changes are %s; --override makes them all the same, and the journal says so",
              freezes_text(freezes_of(s), now, text));
    return session_fail(s, &s->error);
}

static bool overrides(const struct session *s)
{
    return s->options.override && freezes_at(freezes_of(s), clock_seconds(&s->clock));
}

const char *hand_trigger(const struct session *s, const char *trigger)
{
    return store_hand_trigger(trigger, overrides(s));
}

const char *hand_why(const struct session *s, const char *why, struct buf *out)
{
    char text[FREEZE_TEXT];
    if (!s->options.override)
        return why;
    buf_printf(out, "%s%s--override", why ? why : "", why ? "; " : "");
    if (overrides(s))
        buf_printf(out, ", while changes were %s", freezes_text(freezes_of(s), clock_seconds(&s->clock), text));
    return out->failed ? why : out->ptr;
}
