/* SPDX-License-Identifier: Apache-2.0 */
/* A TrainJob has a JobSet, which has Jobs; an MPIJob may have a Job. Where the owner is in the report, too, the owner
 * alone counts. */
#include "cli/report/report_kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define KEY 600

/* Owners are read before what they have made. */
static int by_place(const void *a, const void *b)
{
    const struct mpijob_kind *x = *(const struct mpijob_kind *const *)a, *y = *(const struct mpijob_kind *const *)b;
    return x < y ? -1 : x > y;
}

int report_kinds_parse(const char *text, struct kind_list *kinds, struct error *err)
{
    int rc = kind_list_parse(text ? text : "all", kinds, err);
    if (rc)
        return rc;
    if (kind_list_has(kinds, KIND_TRAINJOB) && kind_list_has(kinds, KIND_JOB) && !kind_list_has(kinds, KIND_JOBSET))
        return error_set(err, ERR_INVALID,
                         "TrainJobs and Jobs without JobSets would be counted twice, as a TrainJob's Jobs are its "
                         "JobSet's; name JobSet, too");
    qsort(kinds->of, kinds->count, sizeof(const struct mpijob_kind *), by_place);
    return 0;
}

/* ---- owners ---- */

struct report_owner {
    UT_hash_handle hh;
    char key[]; /* a uid; of a TrainJob also the name of its JobSet, which is its own: "NAMESPACE/NAME" */
};

static int add(struct report_owners *owners, struct str key, struct error *err)
{
    struct report_owner *o;
    HASH_FIND(hh, owners->index, key.ptr, key.len, o);
    if (o || !key.len)
        return 0;
    o = malloc(sizeof *o + key.len);
    if (!o)
        return error_nomem(err);
    memcpy(o->key, key.ptr, key.len);
    HASH_ADD(hh, owners->index, key, key.len, o);
    if (o->hh.tbl)
        return 0;
    free(o);
    return error_nomem(err);
}

static bool has(const struct report_owners *owners, const char *key)
{
    const struct report_owner *o;
    HASH_FIND(hh, owners->index, key, strlen(key), o);
    return o != NULL;
}

int report_owners_add(struct report_owners *owners, const struct mpijob_view *job, struct error *err)
{
    char key[KEY];
    int rc = add(owners, job->uid, err);
    if (rc || job->target.kind != KIND_TRAINJOB)
        return rc;
    snprintf(key, sizeof key, "%.*s/%.*s", (int)job->name_space.len, job->name_space.ptr, (int)job->name.len,
             job->name.ptr);
    return add(owners, str_of(key), err);
}

/* A JobSet that is not in the report, as it may not be listed, stands between a Job and its TrainJob. */
static bool is_set_of_train_job(const struct report_owners *owners, const struct mpijob_view *job, struct json owner)
{
    char version[300], name[300], key[KEY];
    size_t n = strlen(KIND_JOBSET->group);
    if (!json_string_is(json_get(owner, "kind"), str_of(KIND_JOBSET->name)) ||
        json_string_at(owner, "/apiVersion", version, sizeof version) || strncmp(version, KIND_JOBSET->group, n) != 0 ||
        version[n] != '/' || json_string_at(owner, "/name", name, sizeof name))
        return false;
    snprintf(key, sizeof key, "%.*s/%s", (int)job->name_space.len, job->name_space.ptr, name);
    return has(owners, key);
}

bool report_owners_have(const struct report_owners *owners, const struct mpijob_view *job)
{
    char uid[300];
    for (struct json_iter it = json_iter(json_at(job->object, "/metadata/ownerReferences")); json_next(&it);) {
        if (json_is_true(json_get(it.value, "controller")) &&
            ((json_string_at(it.value, "/uid", uid, sizeof uid) == 0 && has(owners, uid)) ||
             is_set_of_train_job(owners, job, it.value)))
            return true;
    }
    return false;
}

void report_owners_free(struct report_owners *owners)
{
    struct report_owner *o = owners->index, *next;
    HASH_CLEAR(hh, owners->index);
    for (; o; o = next) {
        next = o->hh.next;
        free(o);
    }
}
