/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a policy asks: approval, and how long it waits for an answer. */
#include <string.h>

#include "policy/definition_parts.h"

#define EXPIRES_LEAST (60 * CLOCK_SECOND)

void definition_approval(struct defining *d, int index)
{
    static const char expected[] = "\"never\", \"over-limits\" or \"always\"";
    const char *text = definition_string(d, "approval", index, expected);
    if (!text)
        return;
    if (strcmp(text, "never") == 0)
        d->p->approval = APPROVAL_NEVER;
    else if (strcmp(text, "over-limits") == 0)
        d->p->approval = APPROVAL_OVER_LIMITS;
    else if (strcmp(text, "always") == 0)
        d->p->approval = APPROVAL_ALWAYS;
    else
        definition_found(d, "approval", "has to be %s, not \"%s\"", expected, text);
}

void definition_approval_expires(struct defining *d, int index)
{
    int before = d->findings;
    definition_duration(d, "approval_expires", index, &d->p->approval_expires);
    if (d->findings == before && d->p->approval_expires < EXPIRES_LEAST)
        definition_found(d, "approval_expires", "has to be at least 1m");
}

void definition_check_approval(struct defining *d)
{
    const struct policy *p = d->p;
    if (p->approval != APPROVAL_NEVER && p->canary)
        definition_found(d, "approval",
                         "stands beside canary; a policy has one of them: it is led in by steps, or by a person");
    if (p->approval == APPROVAL_OVER_LIMITS && p->changes_max < 0 && p->percent_max < 0)
        definition_found(d, "approval",
                         "\"over-limits\" needs limits.changes or limits.percent, above which a run waits");
}
