/* SPDX-License-Identifier: Apache-2.0 */
/* A TrainJob has a JobSet, which has Jobs; an MPIJob may have a Job. Where the owner is of a kind in the report, too,
 * the owner alone counts. */
#include "cli/report/report_kinds.h"

#include <stdio.h>
#include <string.h>

static bool has(const struct report_kinds *kinds, const struct mpijob_kind *kind)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if (kinds->list[i] == kind)
            return true;
    }
    return false;
}

static int add(struct report_kinds *kinds, struct str name, struct error *err)
{
    char text[80];
    const struct mpijob_kind *kind;
    if (!mpijob_kind_find(name, &kind)) {
        snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr);
        return mpijob_kind_unknown(text, err);
    }
    if (!has(kinds, kind))
        kinds->list[kinds->count++] = kind;
    return 0;
}

int report_kinds_parse(const char *text, struct report_kinds *kinds, struct error *err)
{
    int rc = 0;
    *kinds = (struct report_kinds){.list = {KIND_MPIJOB}, .count = 1};
    if (!text)
        return 0;
    kinds->count = 0;
    for (size_t i = 0; strcmp(text, "all") == 0 && i < MPIJOB_KINDS_BUILT_IN; i++)
        kinds->list[kinds->count++] = mpijob_kind_at(i);
    while (!kinds->count || (*text && strcmp(text, "all") != 0)) {
        size_t n = strcspn(text, ",");
        rc = add(kinds, str_n(text, n), err);
        if (rc)
            return rc;
        text += n + (text[n] == ',');
    }
    if (has(kinds, KIND_TRAINJOB) && has(kinds, KIND_JOB) && !has(kinds, KIND_JOBSET))
        return error_set(err, ERR_INVALID,
                         "TrainJobs and Jobs without JobSets would be counted twice, as a TrainJob's Jobs are its "
                         "JobSet's; name JobSet, too");
    return 0;
}

static bool is_of(const struct mpijob_kind *kind, struct json owner)
{
    char version[300];
    size_t n = strlen(kind->group);
    return json_string_is(json_get(owner, "kind"), str_of(kind->name)) &&
           json_string_at(owner, "/apiVersion", version, sizeof version) == 0 &&
           strncmp(version, kind->group, n) == 0 && version[n] == '/';
}

bool report_kinds_own(const struct report_kinds *kinds, struct json object)
{
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        for (size_t i = 0; json_is_true(json_get(it.value, "controller")) && i < kinds->count; i++) {
            if (is_of(kinds->list[i], it.value))
                return true;
        }
    }
    return false;
}
