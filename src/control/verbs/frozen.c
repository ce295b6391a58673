/* SPDX-License-Identifier: Apache-2.0 */
/* What people change by hand over the control socket while the configuration has a freeze. */
#include "control/verbs/parts.h"
#include "engine/engine.h"

int verbs_check_freeze(const struct verbs *v, bool override, bool *frozen, struct error *err)
{
    char text[FREEZE_TEXT];
    *frozen = !v->closed && engine_frozen(v->o.engine, text);
    if (!*frozen || override)
        return 0;
    return error_set(err, ERR_REFUSED, "changes are %s; --override makes them all the same, and the journal says so",
                     text);
}
