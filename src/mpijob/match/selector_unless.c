/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements that keep jobs out, in words. */
#include "mpijob/match/selector_parts.h"

void selector_unless(const struct selector *s, struct buf *out)
{
    const struct selector_requirement *r = s->items;
    if (!s->count || (r->test != SELECT_ABSENT && r->test != SELECT_NOT_IN))
        return;
    buf_printf(out, "its label %s %s", r->key, r->test == SELECT_ABSENT ? "is set" : "becomes ");
    for (size_t i = 0; r->test == SELECT_NOT_IN && i < r->count; i++)
        buf_printf(out, "%s%s", i ? " or " : "", r->values[i]);
}
