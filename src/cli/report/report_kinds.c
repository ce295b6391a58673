/* SPDX-License-Identifier: Apache-2.0 */
/* A TrainJob has a JobSet, which has Jobs; an MPIJob may have a Job. Where the owner is of a kind in the report, too,
 * the owner alone counts. */
#include "cli/report/report_kinds.h"

#include <string.h>

int report_kinds_parse(const char *text, struct kind_list *kinds, struct error *err)
{
    int rc = kind_list_parse(text ? text : "all", kinds, err);
    if (!rc && kind_list_has(kinds, KIND_TRAINJOB) && kind_list_has(kinds, KIND_JOB) &&
        !kind_list_has(kinds, KIND_JOBSET))
        return error_set(err, ERR_INVALID,
                         "TrainJobs and Jobs without JobSets would be counted twice, as a TrainJob's Jobs are its "
                         "JobSet's; name JobSet, too");
    return rc;
}

static bool is_of(const struct mpijob_kind *kind, struct json owner)
{
    char version[300];
    size_t n = strlen(kind->group);
    return json_string_is(json_get(owner, "kind"), str_of(kind->name)) &&
           json_string_at(owner, "/apiVersion", version, sizeof version) == 0 &&
           strncmp(version, kind->group, n) == 0 && version[n] == '/';
}

bool report_kinds_own(const struct kind_list *kinds, struct json object)
{
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        for (size_t i = 0; json_is_true(json_get(it.value, "controller")) && i < kinds->count; i++) {
            if (is_of(kinds->of[i], it.value))
                return true;
        }
    }
    return false;
}
