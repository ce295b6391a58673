/* SPDX-License-Identifier: Apache-2.0 */
/* The marks of Kueue on a job, and the state of a Workload by its conditions, the first that fits. */
#include "mpijob/kueue.h"

#include "base/visible.h"
#include "mpijob/field.h"
#include "mpijob/kind.h"

const char *const kueue_versions[] = {"v1beta2", "v1beta1", NULL};

/* ---- the job ---- */

/* Its owner's Workload is about it, too, and it has none itself. */
static bool is_part(struct json job)
{
    for (struct json_iter it = json_iter(json_at(job, "/metadata/ownerReferences")); json_next(&it);) {
        if (mpijob_keeper(it.value))
            return true;
    }
    return false;
}

bool kueue_manages(struct json job)
{
#define MARK "/template/metadata/annotations/kueue.x-k8s.io~1workload"
    static const char *const places[] = {"/metadata/labels/kueue.x-k8s.io~1queue-name",
                                         "/spec/mpiReplicaSpecs/Launcher" MARK, "/spec/mpiReplicaSpecs/Worker" MARK,
                                         "/spec" MARK, "/spec/replicatedJobs/0/template/spec" MARK};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct json value = mpijob_value_at(job, places[i]);
        if (json_type(value) == JSON_STRING && value.text.len > 2)
            return i == 0 || !is_part(job);
    }
    return false;
}

/* ---- its Workload ---- */

const char *kueue_state_name(enum kueue_state state)
{
    static const char *const names[] = {"waiting", "admitted", "stopped", "finished"};
    return names[state];
}

static struct str text_at(struct json object, const char *pointer)
{
    struct json value = json_at(object, pointer);
    return json_type(value) == JSON_STRING ? str_n(value.text.ptr + 1, value.text.len - 2) : (struct str){0};
}

void kueue_message(const struct kueue_workload *w, size_t most, struct buf *out)
{
    struct buf text = BUF_INIT;
    if (!w->message.len)
        return;
    json_decode((struct json){str_n(w->message.ptr - 1, w->message.len + 2)}, &text); /* with its quotes */
    size_t n = text.len < most ? text.len : most;
    while (n < text.len && n && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--; /* at a character's end */
    if (text.len)
        visible_add(out, str_n(text.ptr, n));
    if (text.failed && !out->failed)
        out->failed = text.failed;
    buf_free(&text);
}

/* The condition, where its status is that one; else absent. */
static struct json condition(struct json object, const char *type, const char *status)
{
    for (struct json_iter it = json_iter(json_at(object, "/status/conditions")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "type"), str_of(type)) &&
            json_string_is(json_get(it.value, "status"), str_of(status)))
            return it.value;
    }
    return (struct json){0};
}

/* A Workload that was evicted has lost its quota only when its last pod is gone: Admitted stays until then. */
static struct json deciding(struct json object, enum kueue_state *state)
{
    struct json finished = condition(object, "Finished", "True"), evicted = condition(object, "Evicted", "True"),
                admitted = condition(object, "Admitted", "True");
    struct json active = json_at(object, "/spec/active");
    if (json_exists(finished))
        *state = KUEUE_OVER;
    else if (json_type(active) == JSON_BOOL && !json_is_true(active))
        *state = KUEUE_STOPPED;
    else
        *state = json_exists(admitted) && !json_exists(evicted) ? KUEUE_ADMITTED : KUEUE_WAITING;
    switch (*state) {
    case KUEUE_OVER:
        return finished;
    case KUEUE_ADMITTED:
        return admitted;
    default:
        return json_exists(evicted) ? evicted : condition(object, "QuotaReserved", "False");
    }
}

bool kueue_workload_read(struct json object, struct kueue_workload *out)
{
    *out = (struct kueue_workload){.name = text_at(object, "/metadata/name"),
                                   .resource_version = text_at(object, "/metadata/resourceVersion"),
                                   .queue = text_at(object, "/spec/queueName"),
                                   .deleting = json_exists(json_at(object, "/metadata/deletionTimestamp"))};
    struct json by = deciding(object, &out->state);
    out->reason = text_at(by, "/reason");
    out->message = text_at(by, "/message");
    out->time_ran_out = json_string_is(json_get(condition(object, "Evicted", "True"), "reason"),
                                       str_of("DeactivatedDueToMaximumExecutionTimeExceeded"));
    return out->name.len > 0;
}
