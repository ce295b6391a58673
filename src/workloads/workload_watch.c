/* SPDX-License-Identifier: Apache-2.0 */
/* First it is asked which version of Kueue the server has; then a reflector follows the Workloads of each namespace. */
#include "workloads/workload_watch.h"

#include <stdlib.h>

#include "base/backoff.h"
#include "base/texts.h"
#include "cluster/cluster.h"
#include "kube/reflect.h"
#include "loop/timer.h"

#define GRACE_US (10 * CLOCK_SECOND) /* a silent watch may take so long to begin again */

static const struct backoff look_pause = {.first_ms = 2000, .most_ms = 60000, .jitter = BACKOFF_QUARTER};

struct scope {
    struct workload_watch *of;
    const char *name_space; /* NULL: all */
    struct kube_reflect *reflect;
    struct workload_table known;
    bool synced;
    const struct error *trouble;
};

struct workload_watch {
    struct workload_watch_call call;
    char **namespaces; /* one block; NULL: all */
    struct scope *scopes;
    size_t count;
    char version[32];
    struct kube_discovery *look; /* under way */
    const struct error *trouble; /* why the version is not known; NULL: it is, or was not asked yet */
    unsigned looks;              /* in a row that found none */
    struct deadline again;
    unsigned open; /* what libuv, or a request, has still of it */
    bool closing;
};

/* ---- its end ---- */

static void one_closed(struct workload_watch *w)
{
    if (--w->open)
        return;
    struct site *site = w->call.site;
    for (size_t i = 0; i < w->count; i++) {
        workload_table_free(&w->scopes[i].known);
        error_keep(&w->scopes[i].trouble, NULL);
    }
    error_keep(&w->trouble, NULL);
    free(w->scopes);
    free(w->namespaces);
    free(w);
    site_closed(site);
}

static void reflect_closed(void *data)
{
    one_closed(data);
}

static void deadline_closed(struct deadline *d)
{
    one_closed(d->data);
}

static void stop_reflecting(struct workload_watch *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct scope *s = &w->scopes[i];
        if (s->reflect)
            kube_reflect_close(s->reflect, reflect_closed, w);
        s->reflect = NULL;
        s->synced = false;
    }
}

/* ---- what the reflectors tell ---- */

static void tell_synced(struct workload_watch *w)
{
    if (!w->closing)
        w->call.synced(w->call.data);
}

static void relist(void *data)
{
    struct scope *s = data;
    workload_table_relist(&s->known);
}

static bool is_ours(const struct workload_watch *w, struct json object, struct workload_job *job)
{
    return workload_job_of(object, job) && shard_has(&w->call.site->shard, job->name_space, str_of(job->uid));
}

/* What the first list has is told by `synced`. */
static int upsert(void *data, struct json object, bool initial)
{
    struct scope *s = data;
    struct workload_job job;
    (void)initial;
    if (!is_ours(s->of, object, &job))
        return 0;
    enum workload_put put = workload_table_put(&s->known, &job, object);
    if (put == WORKLOAD_NEWS && s->synced)
        s->of->call.changed(s->of->call.data, &job);
    return put == WORKLOAD_NOMEM ? ERR_NOMEM : 0;
}

static void removed(void *data, struct json object)
{
    struct scope *s = data;
    struct workload_job job;
    if (is_ours(s->of, object, &job) && workload_table_drop(&s->known, &job, object) && s->synced)
        s->of->call.changed(s->of->call.data, &job);
}

static void synced(void *data)
{
    struct scope *s = data;
    bool first = !s->synced;
    size_t gone = workload_table_listed(&s->known);
    s->synced = true;
    error_keep(&s->trouble, NULL);
    if (first || gone)
        tell_synced(s->of);
}

static void look_later(struct workload_watch *w);

static void trouble(void *data, const struct error *err)
{
    struct scope *s = data;
    struct workload_watch *w = s->of;
    log_event(w->call.site->log, s->trouble ? LOG_DEBUG : LOG_WARN,
              s->synced ? "Kueue's Workloads cannot be watched; those known are as they were last seen"
                        : "Kueue's Workloads cannot be listed",
              LOG_FIELDS(SITE_LOG_CLUSTER(w->call.site), {"namespace", s->name_space}, {"reason", err->message}));
    error_keep(&s->trouble, err);
    if (err->status != 404)
        return;
    stop_reflecting(w); /* another version is served, or none */
    look_later(w);
}

static void well(void *data)
{
    struct scope *s = data;
    log_event(s->of->call.site->log, LOG_INFO, "Kueue's Workloads can be watched again",
              LOG_FIELDS(SITE_LOG_CLUSTER(s->of->call.site), {"namespace", s->name_space}));
    error_keep(&s->trouble, NULL);
    tell_synced(s->of);
}

static int reflect(struct scope *s, struct error *err)
{
    struct workload_watch *w = s->of;
    const struct kube_reflect_call call = {
        .resource = {KUEUE_GROUP, w->version, KUEUE_WORKLOADS},
        .item_kind = "Workload",
        .name_space = s->name_space,
        .label_selector = KUEUE_JOB_UID,
        .timing.silence_ms = (uint64_t)site_silence_us(w->call.site) / 1000,
        .relist = relist,
        .upsert = upsert,
        .remove = removed,
        .synced = synced,
        .trouble = trouble,
        .well = well,
        .data = s,
    };
    int rc = kube_reflect(cluster_kube(w->call.site->cluster), &call, &s->reflect, err);
    w->open += !rc;
    return rc;
}

/* ---- the version ---- */

static void look(struct deadline *again);

/* In a test, whose clock is not the loop's, what the server has does not change. */
static void look_later(struct workload_watch *w)
{
    if (!w->closing && !w->call.site->one_clock)
        deadline_set(&w->again, backoff_ms(&look_pause, ++w->looks, NULL));
}

static void unknown(struct workload_watch *w, const struct error *err)
{
    bool none = err->code == ERR_NOT_FOUND;
    log_event(w->call.site->log, w->trouble ? LOG_DEBUG : LOG_WARN,
              none ? "the server has no Kueue, and match.kueue finds no state of a job"
                   : "it cannot be found out which version of Kueue the server has",
              LOG_FIELDS(SITE_LOG_CLUSTER(w->call.site), {"reason", err->message}));
    error_keep(&w->trouble, err);
    for (size_t i = 0; none && i < w->count; i++)
        workload_table_free(&w->scopes[i].known);
    look_later(w);
}

static const char *known_of(const struct kube_served *served)
{
    for (size_t k = 0; kueue_versions[k]; k++) {
        for (size_t i = 0; i < served->count; i++) {
            if (strcmp(served->versions[i], kueue_versions[k]) == 0)
                return kueue_versions[k];
        }
    }
    return NULL;
}

static void found(void *data, const struct kube_served *served, const struct error *err)
{
    struct workload_watch *w = data;
    struct error own;
    w->look = NULL;
    const char *version = err ? NULL : known_of(served);
    if (!err && !version)
        error_set(&own, ERR_NOT_FOUND, "the server has Kueue's Workloads in %s, and not in %s or %s, which are known",
                  served->versions[0], kueue_versions[0], kueue_versions[1]);
    if (w->closing) {
        ;
    } else if (!version) {
        unknown(w, err ? err : &own);
    } else {
        snprintf(w->version, sizeof w->version, "%s", version);
        error_keep(&w->trouble, NULL);
        w->looks = 0;
        int rc = 0;
        for (size_t i = 0; i < w->count && !rc; i++)
            rc = reflect(&w->scopes[i], &own);
        if (rc) {
            stop_reflecting(w);
            unknown(w, &own);
        }
    }
    one_closed(w);
}

static void look(struct deadline *again)
{
    struct workload_watch *w = again->data;
    static const char *const plurals[] = {KUEUE_WORKLOADS, NULL};
    struct error err;
    w->open++;
    if (kube_discover(cluster_kube(w->call.site->cluster), KUEUE_GROUP, plurals, found, w, &w->look, &err) == 0)
        return;
    w->open--;
    unknown(w, &err);
}

/* ---- its life ---- */

int workload_watch_open(const struct workload_watch_call *call, struct workload_watch **watch, struct error *err)
{
    struct workload_watch *w = calloc(1, sizeof *w);
    size_t n = 0;
    while (call->namespaces && call->namespaces[n])
        n++;
    if (w)
        w->scopes = calloc(n ? n : 1, sizeof *w->scopes);
    if (w && n)
        w->namespaces = texts_copy_list(call->namespaces, n);
    if (!w || !w->scopes || (n && !w->namespaces)) {
        free(w ? w->scopes : NULL);
        free(w);
        return error_nomem(err);
    }
    w->call = *call;
    w->call.namespaces = NULL;
    w->count = n ? n : 1;
    for (size_t i = 0; i < w->count; i++)
        w->scopes[i] = (struct scope){.of = w, .name_space = n ? w->namespaces[i] : NULL};
    w->open = 1;
    site_opened(call->site);
    deadline_init(call->site->loop, &w->again, look, w);
    look(&w->again);
    *watch = w;
    return 0;
}

void workload_watch_close(struct workload_watch *w)
{
    if (!w)
        return;
    w->closing = true;
    stop_reflecting(w);
    if (w->look)
        kube_discovery_cancel(w->look);
    deadline_close(&w->again, deadline_closed);
}

bool workload_watch_is_of(const struct workload_watch *w, const char *const *namespaces)
{
    size_t n = 0;
    for (; namespaces && namespaces[n]; n++) {
        size_t i = 0;
        while (w->namespaces && i < w->count && strcmp(w->namespaces[i], namespaces[n]) != 0)
            i++;
        if (!w->namespaces || i == w->count)
            return false;
    }
    return w->namespaces ? n == w->count : !namespaces;
}

/* ---- what is known ---- */

struct workload_scope workload_watch_scope(const struct workload_watch *w, size_t i)
{
    const struct scope *s = &w->scopes[i];
    uint64_t silence = s->reflect ? kube_reflect_silence_ms(s->reflect) : UINT64_MAX;
    return (struct workload_scope){s->name_space, s->synced, w->trouble ? w->trouble : s->trouble,
                                   silence > INT64_MAX / 1000 ? -1 : (int64_t)silence * 1000};
}

size_t workload_watch_scopes(const struct workload_watch *w)
{
    return w->count;
}

enum workload_seen workload_watch_find(const struct workload_watch *w, struct str name_space, struct str uid,
                                       struct listed_workload *out)
{
    if (w && w->trouble && w->trouble->code == ERR_NOT_FOUND)
        return WORKLOAD_NO_KUEUE;
    for (size_t i = 0; w && i < w->count; i++) {
        struct workload_scope s = workload_watch_scope(w, i);
        if (s.name_space && !str_is(name_space, s.name_space))
            continue;
        if (!s.synced || s.silence_us < 0 || s.silence_us >= site_silence_us(w->call.site) + GRACE_US)
            return WORKLOAD_UNSEEN;
        return workload_table_find(&w->scopes[i].known, uid, out) ? WORKLOAD_FOUND : WORKLOAD_NONE;
    }
    return WORKLOAD_UNSEEN;
}

void workload_watch_stats(const struct workload_watch *w, struct workload_watch_stats *stats)
{
    *stats = (struct workload_watch_stats){0};
    for (size_t i = 0; w && i < w->count; i++) {
        stats->workloads += w->scopes[i].known.count;
        stats->bytes += w->scopes[i].known.bytes;
    }
}
