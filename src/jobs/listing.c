/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs from the server: pages of lists, queued until the consumer takes them. */
#include "jobs/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "jobs/watches.h"
#include "mpijob/dialect.h"
#include "mpijob/kind.h"

#define QUEUE_HIGH 1000 /* while so many jobs are queued, no further page is asked for... */
#define QUEUE_LOW 250   /* ...until there are so few */
#define MOVES_MAX 3     /* changes of the served version that one listing follows */
#define UNREADABLE_TOLD 3

struct queued {
    struct queued *next;
    size_t len;
    char bytes[];
};

struct pages {
    struct listing listing;
    struct listing_call call;
    struct kube_list *list; /* under way */
    struct queued *head, *tail;
    struct queued *given; /* the job that the consumer has now */
    size_t queued;
    const char *const *namespaces; /* that are listed, NULL-terminated; NULL: all in one list */
    size_t at;                     /* index of the one that is being listed */
    int64_t began;                 /* microseconds since 1970 */
    size_t unreadable;             /* objects that are no jobs */
    int64_t scope, earlier;        /* jobs seen; earlier: of them, in the namespaces before this one */
    struct buf selector;
    const struct error *error;   /* the first; error_keep; NULL: none */
    const struct error *moving;  /* why the version that is served is looked up; error_keep; NULL: it is not */
    struct cluster_wait wait;    /* the version is not served any more: waits to learn which one is */
    enum mpijob_version version; /* the one that is listed */
    unsigned moves;
    bool started, ended, failed, paused;
    bool broken; /* no memory: no further namespace is listed */
};

static bool begin(struct pages *l);

/* Returns false. */
static bool fail(struct pages *l, const struct error *err)
{
    if (!l->failed)
        error_keep(&l->error, err);
    l->failed = true;
    return false;
}

/* The first are told one by one; `over` says how many there were. */
static void left_alone(struct pages *l, const struct error *err)
{
    char run[24];
    snprintf(run, sizeof run, "%" PRId64, l->call.run);
    if (l->unreadable++ < UNREADABLE_TOLD)
        log_event(l->call.site->log, LOG_WARN, "a listed job cannot be read and is left alone",
                  LOG_FIELDS({"policy", l->call.policy}, SITE_LOG_CLUSTER(l->call.site), {"reason", err->message},
                             LOG_JSON_FIELD("run", l->call.run ? run : NULL)));
}

static bool take(void *data, struct json item)
{
    struct pages *l = data;
    struct mpijob_view view;
    struct error err;
    if (mpijob_view(item, cluster_target_of(l->call.site->cluster, l->call.kind, item), &view, &err)) {
        l->scope++;
        left_alone(l, &err);
        return true;
    }
    if (!shard_has(&l->call.site->shard, view.name_space, view.uid) || mpijob_match_is_part(l->call.match, &view))
        return true;
    l->scope++;
    if (!mpijob_match_eval(l->call.match, &view, clock_now(l->call.site->clock), NULL))
        return true;
    struct queued *q = malloc(sizeof *q + item.text.len);
    if (!q) {
        error_nomem(&err);
        l->broken = true;
        return fail(l, &err);
    }
    q->len = item.text.len;
    q->next = NULL;
    memcpy(q->bytes, item.text.ptr, q->len);
    if (l->tail)
        l->tail->next = q;
    else
        l->head = q;
    l->tail = q;
    if (++l->queued >= QUEUE_HIGH && !l->paused) {
        l->paused = true;
        kube_list_pause(l->list, true);
    }
    if (l->queued == 1)
        l->call.ready(l->call.data);
    return true;
}

static void page_over(void *data, int64_t behind)
{
    struct pages *l = data;
    bool last = !l->namespaces || !l->namespaces[l->at + 1];
    if (l->call.page)
        l->call.page(l->call.data, (size_t)l->scope, behind < 0 || !last ? 0 : (size_t)(l->scope + behind));
}

/* Fails, in words that say what was asked for, which server was asked, and what helps. */
static void fail_list(struct pages *l, const struct error *err)
{
    struct error told = *err;
    char status[128] = "";
    bool everywhere = !l->namespaces, several = l->namespaces && l->namespaces[0] && l->namespaces[1];
    if (err->status)
        snprintf(status, sizeof status, " (HTTP %d from %s)", err->status, cluster_server(l->call.site->cluster));
    snprintf(told.message, sizeof told.message, "the jobs%s%.64s cannot be listed: %.3000s%s%s",
             several ? " in namespace " : "", several ? l->namespaces[l->at] : "", err->message, status,
             err->status == 403 && everywhere ? ". To work in some namespaces only, name them: `namespaces:` in "
                                                "mpijobd.yaml, or match.namespace in the policy"
                                              : "");
    fail(l, &told);
}

static void over(struct pages *l)
{
    if (l->unreadable > UNREADABLE_TOLD)
        log_line(l->call.site->log, LOG_WARN, "%zu listed jobs in all cannot be read and are left alone",
                 l->unreadable);
    l->unreadable = 0;
    l->ended = true;
    l->call.ready(l->call.data);
}

/* Begins the namespace again, in the version that is served now. Jobs that were handed out already come again; what was
 * to be changed in them is changed by then. */
static void looked(struct cluster_wait *wait, bool moved)
{
    struct pages *l = wait->data;
    struct error why;
    if (!moved) {
        if (cluster_serves(l->call.site->cluster, l->call.kind, &why) == 0)
            why = *l->moving;
        fail_list(l, &why);
    }
    l->scope = l->earlier;
    if (!moved || !begin(l))
        over(l);
}

static bool follow(struct pages *l, const struct error *err)
{
    if (!err->no_path || l->moves++ >= MOVES_MAX)
        return false;
    error_keep(&l->moving, err);
    l->wait = (struct cluster_wait){.found = looked, .data = l};
    cluster_lost(l->call.site->cluster, l->call.kind, l->version, &l->wait);
    return true;
}

/* What the server refuses in one namespace it may allow in the next. Whoever has patience for one call has none for the
 * same trouble in each. */
static bool is_of_one(const struct pages *l, const struct error *err)
{
    return l->call.patience_ms ? err->status == 403 || err->status == 404 : err->status && err->status != 401;
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    (void)resource_version;
    struct pages *l = data;
    l->list = NULL;
    l->paused = false;
    if (err && !l->broken && follow(l, err))
        return;
    if (err && !l->broken)
        fail_list(l, err);
    l->earlier = l->scope;
    if ((!err || is_of_one(l, err)) && !l->broken && l->namespaces && l->namespaces[++l->at]) {
        if (begin(l))
            return;
    }
    over(l);
}

/* Starts the list of the next namespace in scope. False: there is no further namespace, or it failed. */
static bool begin(struct pages *l)
{
    const char *name_space = NULL;
    struct error err;
    if (l->namespaces) {
        while (l->namespaces[l->at] && !mpijob_match_in_namespace(l->call.match, str_of(l->namespaces[l->at])))
            l->at++;
        name_space = l->namespaces[l->at];
        if (!name_space)
            return false;
    }
    if (cluster_serves(l->call.site->cluster, l->call.kind, &err))
        return fail(l, &err);
    l->version = cluster_target(l->call.site->cluster, l->call.kind).version;
    if (!name_space && mpijob_dialect(cluster_target(l->call.site->cluster, l->call.kind))->server->namespaced_only) {
        error_set(&err, ERR_INVALID,
                  "the jobs cannot be listed: CCI lists within a namespace only; name the namespaces: `namespaces:` in "
                  "mpijobd.yaml, match.namespace in the policy, or -n");
        return fail(l, &err);
    }
    struct kube_query query = {.label_selector = l->selector.ptr, .limit = 500};
    struct kube_list_call call = {
        .resource = cluster_resource(l->call.site->cluster, l->call.kind),
        .name_space = name_space,
        .query = &query,
        .item_kind = mpijob_kind_info(l->call.kind)->name,
        .seat = l->call.seat,
        .timeout_ms = l->call.patience_ms,
        .item = take,
        .behind = page_over,
        .done = listed,
        .data = l,
    };
    return kube_list(cluster_kube(l->call.site->cluster), &call, &l->list, &err) == 0 || fail(l, &err);
}

static void pages_free(struct listing *listing)
{
    struct pages *l = (struct pages *)listing;
    if (l->list)
        kube_list_cancel(l->list);
    cluster_wait_cancel(l->call.site->cluster, &l->wait);
    while (l->head) {
        struct queued *q = l->head;
        l->head = q->next;
        free(q);
    }
    free(l->given);
    buf_free(&l->selector);
    error_keep(&l->error, NULL);
    error_keep(&l->moving, NULL);
    free(l);
}

static enum listing_state pages_next(struct listing *listing, struct str *object)
{
    struct pages *l = (struct pages *)listing;
    if (!l->started) {
        l->started = true;
        l->began = clock_now(l->call.site->clock);
        l->ended = !begin(l);
    }
    free(l->given);
    struct queued *q = l->given = l->head;
    if (!q)
        return !l->ended ? LISTING_WAIT : l->failed ? LISTING_ERROR : LISTING_END;
    l->head = q->next;
    if (!l->head)
        l->tail = NULL;
    if (--l->queued < QUEUE_LOW && l->paused && l->list) {
        l->paused = false;
        kube_list_pause(l->list, false);
    }
    *object = str_n(q->bytes, q->len);
    return LISTING_JOB;
}

static const struct error *pages_error(const struct listing *l)
{
    return ((const struct pages *)l)->error;
}

static int64_t pages_scope(const struct listing *l)
{
    return ((const struct pages *)l)->scope;
}

static int64_t pages_as_of(const struct listing *l)
{
    return ((const struct pages *)l)->began;
}

static const struct listing_ops pages_ops = {pages_next, pages_error, pages_scope, pages_as_of, pages_free};

struct listing *listing_new(const struct listing_call *call, struct error *err)
{
    struct job_cache *cache = call->watches ? watches_for(call->watches, call->kind, call->match) : NULL;
    if (cache)
        return listing_of_cache(call, cache, err);
    struct pages *l = calloc(1, sizeof *l);
    if (!l) {
        error_nomem(err);
        return NULL;
    }
    l->listing.ops = &pages_ops;
    l->call = *call;
    l->namespaces = call->site->namespaces;
    if (!l->namespaces) /* the user may be allowed to list these only */
        l->namespaces = mpijob_match_namespaces(call->match);
    mpijob_match_selector(call->match, &l->selector);
    if (l->selector.failed) {
        error_nomem(err);
        free(l);
        return NULL;
    }
    return &l->listing;
}
