/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what `where` of a policy with `on` is asked when. */
#include "policy/asked_again.h"

#include <lauxlib.h>
#include <string.h>

#include "policy/load.h"
#include "time/duration.h"

void policy_asked_write(const struct policy_asked *a, struct buf *out)
{
    buf_printf(out, "%s: %s", a->name, a->wanted);
    if (strcmp(a->plugin, "mpijobd") != 0)
        buf_printf(out, " (plugin %s)", a->plugin);
}

bool policy_asks_again(const struct policy *p)
{
    return p->on && p->where != LUA_NOREF;
}

static const char *who(const struct policy *p)
{
    bool kueue_alone = p->asked_count == 1 && p->kueue_states;
    return p->own_where ? "`where`" : kueue_alone ? "match.kueue" : "a plugin's condition";
}

void policy_when_asked(const struct policy *p, struct buf *out)
{
    char span[32];
    duration_format(p->recheck, false, span);
    if (!(p->on & ON_MATCH))
        buf_printf(out, "%s is asked once, when a job is %s", who(p), policy_on_name(p->on));
    else
        buf_printf(out, "%s is asked when all else of match holds, %sagain when the job%s changes%s%s%s", who(p),
                   p->recheck ? "" : "and ", p->kueue_states ? " or its Workload" : "",
                   p->recheck ? ", and every " : "", p->recheck ? span : "", p->recheck ? " while it says no" : "");
}

void policy_not_asked(const struct policy *p, struct buf *out)
{
    if (p->moving && (p->on & ON_MATCH) && !p->recheck)
        buf_printf(out,
                   "%s asks %s, and the answer may change while the job does not: it is not asked again then; "
                   "recheck = \"10m\" asks it again",
                   who(p), p->moving);
}

void policy_set_tell_asked(const struct policy_set *set, const struct log *log)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        struct buf text = BUF_INIT;
        if (!policy_asks_again(p) || (!p->moving && !p->recheck))
            continue;
        policy_not_asked(p, &text);
        enum log_level level = text.len ? LOG_WARN : LOG_INFO;
        if (!text.len)
            policy_when_asked(p, &text);
        if (!text.failed)
            log_event(log, level, text.ptr, LOG_FIELDS({"policy", p->name}));
        buf_free(&text);
    }
}
