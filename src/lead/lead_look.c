/* SPDX-License-Identifier: Apache-2.0 */
/* How an election stands: for programs and in words. */
#include <inttypes.h>
#include <string.h>

#include "base/texts.h"
#include "lead/lead_parts.h"

struct lead_standing lead_look(const struct lead *l)
{
    return (struct lead_standing){.leads = lead_pass((void *)(uintptr_t)l, NULL) == 0,
                                  .identity = l->o.identity,
                                  .leader = lead_holder(l),
                                  .name_space = l->o.name_space,
                                  .name = l->o.name,
                                  .since = l->seen.exists ? l->seen.record.acquired : 0,
                                  .unled = l->leads ? clock_elapsed() - l->unled_from : 0,
                                  .trouble = l->trouble ? l->trouble->message : NULL,
                                  .hindrance = l->hindrance ? l->hindrance->message : NULL};
}

void lead_text(const struct lead *l, struct buf *out)
{
    struct lead_standing s = lead_look(l);
    char since[32];
    clock_format(s.since, false, since);
    if (s.leads)
        buf_printf(out, "this daemon leads since %s, as %s%s%s%s", since, s.identity,
                   l->asked ? ", but does not act yet" : "", s.hindrance ? ": " : "", or_empty(s.hindrance));
    else if (*s.leader && strcmp(s.leader, s.identity) != 0)
        buf_printf(out, "standing by; %s leads since %s", s.leader, s.since ? since : "some time");
    else
        buf_puts(out, "standing by; nobody leads now");
    if (s.trouble)
        buf_printf(out, "; the Lease %s/%s cannot be %s: %s", s.name_space, s.name, s.leads ? "renewed" : "taken",
                   s.trouble);
}

int lead_refuse(const struct lead *l, struct error *err)
{
    const char *holder = lead_holder(l);
    bool other = *holder && strcmp(holder, l->o.identity) != 0;
    if (lead_pass((void *)(uintptr_t)l, NULL) == 0)
        return error_set(err, ERR_REFUSED, "this daemon leads, but does not act yet: %s",
                         l->hindrance ? l->hindrance->message : "it is taking over; try again in some seconds");
    return error_set(err, ERR_REFUSED, "this daemon is not the leader: %s leads (Lease %s/%s)%s",
                     other ? holder : "nobody", l->o.name_space, l->o.name,
                     other ? "; ask the daemon there" : " now; try again in some seconds");
}

const char *lead_owner(const struct lead *l, int64_t *free_for)
{
    int64_t now = clock_elapsed(), until = lease_free_at(&l->seen, l->o.lease), from = until ? until : l->free_from;
    bool held = l->leads || now < until;
    if (free_for)
        *free_for = held ? 0 : now - from;
    return l->leads ? l->o.identity : held ? l->seen.record.holder : "";
}

bool lead_agrees(const struct lead *l)
{
    struct error err;
    return l->seen.known && !lead_check_kind(l, &err);
}

bool lead_is_known(const struct lead *l)
{
    return l->seen.exists && lead_agrees(l);
}

bool lead_is_taking(const struct lead *l)
{
    return l->taking;
}

bool lead_is_leaving(const struct lead *l)
{
    return l->leaving || l->releasing;
}
