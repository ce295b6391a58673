/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal calls the verb of a write, and a resource. */
#include <stdio.h>
#include <string.h>

#include "change/write.h"

const char *write_verb_name(enum write_verb verb)
{
    static const char *const names[] = {"patch", "replace", "create", "delete"};
    return names[verb];
}

enum write_verb write_verb_of(const char *name)
{
    for (int verb = WRITE_PATCH; verb <= WRITE_DELETE; verb++) {
        if (strcmp(write_verb_name((enum write_verb)verb), name) == 0)
            return (enum write_verb)verb;
    }
    return WRITE_REPLACE;
}

const char *write_resource_name(const struct kube_resource *resource, char out[WRITE_RESOURCE_MAX])
{
    snprintf(out, WRITE_RESOURCE_MAX, "%s%s%s", resource->plural, *resource->group ? "." : "", resource->group);
    return out;
}
