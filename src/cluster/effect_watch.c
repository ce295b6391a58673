/* SPDX-License-Identifier: Apache-2.0 */
/* Reflectors of a job's pods, or of the job, that look for the sign of an effect at each event. */
#include "cluster/effect_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "cluster/seen.h"
#include "kube/reflect.h"
#include "loop/timer.h"
#include "mpijob/pods.h"

#define LABELS_MAX 2

struct effect_watch;

struct watched_pod {
    struct seen seen;
    struct mpijob_pod pod;
};

struct source { /* one label's pods, or the job */
    struct effect_watch *of;
    struct kube_reflect *reflect;
    struct seen_set pods; /* of struct watched_pod */
    bool synced;
};

struct effect_watch {
    struct effect_watch_call call;
    char *texts; /* the block that holds the call's */
    struct source sources[LABELS_MAX];
    int count;
    enum mpijob_phase phase; /* of the job, once seen */
    bool there;              /* the job exists */
    struct deadline over;
    uint64_t since; /* uv_now at the start */
    bool ended;
};

const char *effect_seen_name(enum effect_seen seen)
{
    static const char *const names[] = {NULL, "seen", "not-seen", "cannot-tell"};
    return names[seen];
}

const char *effect_seen_text(enum effect_seen seen, uint64_t after_ms, const char *note, char *out, size_t size)
{
    double seconds = (double)after_ms / 1000;
    note = note ? note : "";
    if (seen == EFFECT_SEEN)
        snprintf(out, size, "after %.1f s: %s", seconds, note);
    else if (seen == EFFECT_NOT_SEEN)
        snprintf(out, size, "not within %.1f s", seconds);
    else if (seen == EFFECT_CANNOT_TELL)
        snprintf(out, size, "cannot tell: %s", note);
    else
        snprintf(out, size, "%s", note);
    return out;
}

/* ---- the end ---- */

static void free_watch(struct deadline *over)
{
    struct effect_watch *w = over->data;
    free(w->texts);
    free(w);
}

static void close_watch(struct effect_watch *w)
{
    w->ended = true;
    for (int i = 0; i < w->count; i++) {
        if (w->sources[i].reflect)
            kube_reflect_close(w->sources[i].reflect, NULL, NULL);
        seen_free(&w->sources[i].pods);
    }
    deadline_close(&w->over, free_watch);
}

static void finish(struct effect_watch *w, enum effect_seen seen, const struct error *why)
{
    if (w->ended)
        return;
    uint64_t after = uv_now(w->call.loop) - w->since;
    void (*done)(void *, enum effect_seen, uint64_t, const struct error *) = w->call.done;
    void *data = w->call.data;
    close_watch(w);
    done(data, seen, after, why);
}

static void time_is_up(struct deadline *over)
{
    finish(over->data, EFFECT_NOT_SEEN, NULL);
}

/* ---- is the sign there? ---- */

static bool pods_say_so(const struct effect_watch *w)
{
    for (int i = 0; i < w->count; i++) {
        for (const struct seen *s = w->sources[i].pods.first; s; s = s->hh.next) {
            if (mpijob_sign_hindered(w->call.sign, &((const struct watched_pod *)s)->pod))
                return false;
        }
    }
    return true;
}

static void look(struct effect_watch *w)
{
    for (int i = 0; i < w->count; i++) {
        if (!w->sources[i].synced)
            return;
    }
    bool there =
        mpijob_sign_of_pods(w->call.sign) ? pods_say_so(w) : mpijob_sign_in_job(w->call.sign, w->phase, !w->there);
    if (there)
        finish(w, EFFECT_SEEN, NULL);
}

static int keep_pod(struct source *s, struct json object)
{
    struct effect_watch *w = s->of;
    struct mpijob_pod pod;
    char uid[SEEN_UID_SIZE];
    bool is_new;
    if (json_string_at(object, "/metadata/uid", uid, sizeof uid) || !mpijob_pod_read(object, str_of(w->call.uid), &pod))
        return 0;
    struct watched_pod *p = seen_add(&s->pods, uid, sizeof *p, &is_new);
    if (!p)
        return ERR_NOMEM;
    p->pod = pod;
    return 0;
}

static void keep_job(struct effect_watch *w, struct json object)
{
    struct mpijob_view view;
    if (!json_string_is(json_at(object, "/metadata/uid"), str_of(w->call.uid)))
        return; /* another job has the name now */
    w->there = true;
    if (mpijob_view(object, w->call.target, &view, NULL) == 0)
        w->phase = view.phase;
}

static void relist(void *data)
{
    struct source *s = data;
    seen_relist(&s->pods);
    s->of->there = false;
}

static int upsert(void *data, struct json object, bool initial)
{
    struct source *s = data;
    int rc = 0;
    if (mpijob_sign_of_pods(s->of->call.sign))
        rc = keep_pod(s, object);
    else
        keep_job(s->of, object);
    if (!initial && !rc)
        look(s->of);
    return rc;
}

static void removed(void *data, struct json object)
{
    struct source *s = data;
    char uid[SEEN_UID_SIZE];
    if (json_string_at(object, "/metadata/uid", uid, sizeof uid))
        return;
    seen_remove(&s->pods, uid);
    if (!mpijob_sign_of_pods(s->of->call.sign) && strcmp(uid, s->of->call.uid) == 0)
        s->of->there = false;
    look(s->of);
}

static void synced(void *data)
{
    struct source *s = data;
    seen_synced(&s->pods);
    s->synced = true;
    look(s->of);
}

/* Other trouble may pass: the reflector tries again until the time is up. */
static void trouble(void *data, const struct error *err)
{
    struct source *s = data;
    struct error told = *err;
    if (err->status != 401 && err->status != 403 && err->status != 404)
        return;
    error_prefix(&told, "whether %s cannot be seen", mpijob_sign_text(s->of->call.sign));
    finish(s->of, EFFECT_CANNOT_TELL, &told);
}

/* ---- the start ---- */

static int follow(struct effect_watch *w, const struct kube_resource *resource, const char *labels, const char *fields,
                  struct error *err)
{
    struct source *s = &w->sources[w->count];
    s->of = w;
    struct kube_reflect_call call = {
        .resource = *resource,
        .name_space = w->call.name_space,
        .label_selector = labels,
        .field_selector = fields,
        .by_pages = true, /* few objects: a list and a watch after it */
        .relist = relist,
        .upsert = upsert,
        .remove = removed,
        .synced = synced,
        .trouble = trouble,
        .data = s,
    };
    int rc = kube_reflect(cluster_kube(w->call.cluster), &call, &s->reflect, err);
    w->count += !rc;
    return rc;
}

static int follow_pods(struct effect_watch *w, struct error *err)
{
    static const struct kube_resource pods = {"", "v1", "pods"};
    const char *const *label = mpijob_pod_labels(w->call.target);
    int rc = *label ? 0 : mpijob_pods_unknown(w->call.target, err);
    for (; *label && !rc && w->count < LABELS_MAX; label++) {
        char selector[400];
        snprintf(selector, sizeof selector, "%s=%.253s", *label, w->call.name);
        rc = follow(w, &pods, selector, NULL, err);
    }
    return rc;
}

static int follow_job(struct effect_watch *w, struct error *err)
{
    char selector[300];
    struct kube_resource resource = *cluster_resource(w->call.cluster, w->call.target.kind);
    resource.version = mpijob_target_version(w->call.target);
    snprintf(selector, sizeof selector, "metadata.name=%.253s", w->call.name);
    return follow(w, &resource, NULL, selector, err);
}

int effect_watch_start(const struct effect_watch_call *call, struct effect_watch **out, struct error *err)
{
    struct effect_watch *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->call = *call;
    w->texts =
        TEXTS_COPY({&w->call.name_space, call->name_space}, {&w->call.name, call->name}, {&w->call.uid, call->uid});
    w->since = uv_now(call->loop);
    w->over.data = w;
    deadline_init(call->loop, &w->over, time_is_up, w);
    int rc = w->texts ? 0 : error_nomem(err);
    if (!rc)
        rc = mpijob_sign_of_pods(call->sign) ? follow_pods(w, err) : follow_job(w, err);
    if (rc) {
        close_watch(w);
        return rc;
    }
    deadline_set(&w->over, call->timeout_ms);
    *out = w;
    return 0;
}

void effect_watch_cancel(struct effect_watch *w)
{
    if (!w->ended)
        close_watch(w);
}
