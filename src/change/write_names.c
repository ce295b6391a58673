/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal calls the verb of a write, and a resource. */
#include <stdio.h>
#include <string.h>

#include "change/write.h"
#include "store/journal.h"

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

struct kube_resource write_resource_at(const char *resource, const char *version, char plural[256])
{
    size_t dot = strcspn(resource, "."); /* "jobs.batch", "pods" */
    snprintf(plural, 256, "%.*s", (int)dot, resource);
    return (struct kube_resource){resource + dot + (resource[dot] == '.'), version, plural};
}

const char *write_not_done_words(const char *resource, const char *uid, enum write_verb verb, struct json object)
{
    bool mpijob = strcmp(resource, STORE_RESOURCE_DEFAULT) == 0;
    if (!json_exists(object))
        return mpijob ? "the job does not exist any more" : "there is no such object";
    if (!json_string_is(json_at(object, "/metadata/uid"), str_of(uid)) && verb != WRITE_CREATE)
        return mpijob ? "another job has the name now" : "another object has the name now";
    return mpijob ? "the job is as it was before" : "the object is as it was before";
}

void write_job_of(const char *resource, const char *uid, struct json object, char out[64])
{
    snprintf(out, 64, "%s", uid);
    if (strcmp(resource, "jobs.batch") != 0 && strcmp(resource, "pods") != 0)
        return;
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        if (json_is_true(json_get(it.value, "controller")))
            json_string_at(it.value, "/uid", out, 64);
    }
}
