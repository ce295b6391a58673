/* SPDX-License-Identifier: Apache-2.0 */
/* Pods tallied by the job they belong to, and how a pod shows which job and role are its own. */
#include "mpijob/pods.h"

#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "mpijob/dialect_rows.h"
#include "mpijob/gpu.h"

const char mpijob_pod_fields[] = "status.phase!=Succeeded,status.phase!=Failed";

struct tally {
    UT_hash_handle hh;
    struct mpijob_crew crew;
    char key[]; /* "namespace/job/uid of the MPIJob that owns the pod"; without the uid where another object owns it */
};

struct mpijob_pods {
    const char *const *gpus, *const *labels; /* labels: of a kind that has its own; NULL: those of labellings */
    struct tally *tallies;
    struct buf key; /* scratch */
};

const char *const *mpijob_pod_labels(struct mpijob_target target)
{
    return mpijob_dialect(target)->reader->pod_labels;
}

int mpijob_pods_unknown(struct mpijob_target target, struct error *err)
{
    return error_set(err, ERR_INVALID, "it is not known here how the pods of %ss of %s are labelled",
                     mpijob_kind_info(target.kind)->name, mpijob_target_version(target));
}

struct mpijob_pods *mpijob_pods_new(const char *const *gpus)
{
    struct mpijob_pods *pods = calloc(1, sizeof *pods);
    if (pods)
        pods->gpus = gpus;
    return pods;
}

void mpijob_pods_of_kind(struct mpijob_pods *pods, const struct mpijob_kind *kind)
{
    pods->labels = kind && kind->dialect ? kind->dialect->reader->pod_labels : NULL;
}

void mpijob_pods_clear(struct mpijob_pods *pods)
{
    struct tally *t, *next;
    HASH_ITER(hh, pods->tallies, t, next)
    {
        HASH_DEL(pods->tallies, t);
        free(t);
    }
}

void mpijob_pods_free(struct mpijob_pods *pods)
{
    if (!pods)
        return;
    mpijob_pods_clear(pods);
    buf_free(&pods->key);
    free(pods);
}

/* ---- one pod ---- */

/* The job's name by the first of the labels that is there. */
static struct json name_in(const struct mpijob_pods *pods, struct json labels)
{
    struct json value = {0};
    for (size_t i = 0; pods->labels && pods->labels[i] && !json_exists(value); i++)
        value = json_get(labels, pods->labels[i]);
    if (pods->labels)
        return value;
    for (const struct mpijob_labelling *l = mpijob_tables()->labellings; l->job && !json_exists(value); l++)
        value = json_get(labels, l->job);
    return value;
}

static struct json role_in(struct json labels)
{
    struct json value = {0};
    for (const struct mpijob_labelling *l = mpijob_tables()->labellings; l->job && !json_exists(value); l++) {
        for (size_t i = 0; l->roles[i] && !json_exists(value); i++)
            value = json_get(labels, l->roles[i]);
    }
    return value;
}

/* "worker", "Worker": each controller has its own label for it, and each label that is there may say so. */
bool mpijob_pod_is_worker(struct json labels)
{
    for (const struct mpijob_labelling *l = mpijob_tables()->labellings; l->job; l++) {
        for (size_t i = 0; l->roles[i]; i++) {
            struct json role = json_get(labels, l->roles[i]);
            if (json_string_is(role, str_of("worker")) || json_string_is(role, str_of("Worker")))
                return true;
        }
    }
    return false;
}

bool mpijob_pod_ended(struct json pod)
{
    struct json phase = json_at(pod, "/status/phase");
    return json_string_is(phase, str_of("Succeeded")) || json_string_is(phase, str_of("Failed"));
}

/* The uid of the job that the pod was made for; absent where a Job or a StatefulSet stands between the two. */
static struct json owner_of(struct json metadata)
{
    for (struct json_iter it = json_iter(json_get(metadata, "ownerReferences")); json_next(&it);) {
        struct json version = json_get(it.value, "apiVersion");
        static const char group[] = "\"" MPIJOB_GROUP "/";
        if (json_is_true(json_get(it.value, "controller")) && str_starts(version.text, group))
            return json_get(it.value, "uid");
    }
    return (struct json){0};
}

/* ---- tallies ---- */

static struct tally *tally_of(struct mpijob_pods *pods)
{
    struct tally *t;
    HASH_FIND(hh, pods->tallies, pods->key.ptr, pods->key.len, t);
    if (t)
        return t;
    t = malloc(sizeof *t + pods->key.len + 1);
    if (!t)
        return NULL;
    t->crew = (struct mpijob_crew){0};
    memcpy(t->key, pods->key.ptr, pods->key.len + 1);
    t->hh.tbl = NULL;
    HASH_ADD(hh, pods->tallies, key, pods->key.len, t);
    if (t->hh.tbl)
        return t;
    free(t);
    return NULL;
}

static void add(int64_t *sum, int64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = INT64_MAX;
}

int mpijob_pods_add(struct mpijob_pods *pods, struct json pod, struct error *err)
{
    struct json metadata = json_get(pod, "metadata"), labels = json_get(metadata, "labels");
    struct json name = name_in(pods, labels), role = role_in(labels), spec = json_get(pod, "spec");
    if (json_type(name) != JSON_STRING || mpijob_pod_ended(pod))
        return 0;
    buf_reset(&pods->key);
    json_decode(json_get(metadata, "namespace"), &pods->key);
    buf_putc(&pods->key, '/');
    json_decode(name, &pods->key);
    buf_putc(&pods->key, '/');
    json_decode(owner_of(metadata), &pods->key);
    struct tally *t = pods->key.failed ? NULL : tally_of(pods);
    if (!t)
        return error_nomem(err);
    bool launcher = json_string_is(role, str_of("launcher")) || json_string_is(role, str_of("master"));
    bool placed = json_type(json_get(spec, "nodeName")) == JSON_STRING;
    add(launcher ? &t->crew.launchers : &t->crew.workers, 1);
    add(placed ? &t->crew.gpus : &t->crew.waiting, gpus_of_pod(spec, pods->gpus));
    return 0;
}

static void add_crew(const struct mpijob_pods *pods, const char *key, struct mpijob_crew *crew)
{
    struct tally *t;
    HASH_FIND(hh, pods->tallies, key, strlen(key), t);
    if (!t)
        return;
    add(&crew->workers, t->crew.workers);
    add(&crew->launchers, t->crew.launchers);
    add(&crew->gpus, t->crew.gpus);
    add(&crew->waiting, t->crew.waiting);
}

struct mpijob_crew mpijob_pods_of(const struct mpijob_pods *pods, const struct mpijob_view *v)
{
    struct mpijob_crew crew = {0};
    char key[700]; /* a namespace has at most 63 characters, a label's value too, a uid 36 */
    int owned = snprintf(key, sizeof key, "%.*s/%.*s/", (int)v->name_space.len, v->name_space.ptr, (int)v->name.len,
                         v->name.ptr);
    if (owned < 0 || (size_t)owned + v->uid.len >= sizeof key)
        return crew;
    add_crew(pods, key, &crew);
    if (!v->uid.len)
        return crew;
    memcpy(key + owned, v->uid.ptr, v->uid.len);
    key[(size_t)owned + v->uid.len] = '\0';
    add_crew(pods, key, &crew);
    return crew;
}
