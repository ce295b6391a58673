/* SPDX-License-Identifier: Apache-2.0 */
/* From what inotify tells to a load. */
#include "policy/file_changes.h"

#include <stdlib.h>
#include <string.h>

#include "loop/path_watch.h"
#include "loop/timer.h"
#include "loop/work.h"
#include "policy/footprint.h"

struct file_changes {
    struct file_changes_call call;
    struct path_watch *watch;       /* NULL: inotify cannot be used */
    struct policy_footprint *known; /* what the last load has read; the worker's while it looks */
    struct policy_footprint *newer; /* of a load that ended meanwhile; NULL: none did */
    struct work work;
    struct policy_news news; /* what the worker has found */
    struct error err;        /* and what went wrong for it; code 0: nothing */
    const struct error *trouble;
    struct deadline later; /* the changes have settled */
    struct alarm alarm;    /* the same, where a test moves the clock */
    int64_t first;         /* the first of the changes that have not settled; 0: all have */
    bool looking, settled; /* settled: it looks because changes have */
    bool stopped;
    char *config_told; /* what was said of the configuration; NULL: nothing */
    int handles;
    void (*closed)(void *data);
};

/* ---- settling ---- */

static int64_t now_of(const struct file_changes *c)
{
    const struct clock *clock = c->call.env->clock;
    return clock && clock->manual ? clock_now(clock) : clock_monotonic();
}

static void wait(struct file_changes *c)
{
    int64_t now = now_of(c), due = now + FILE_CHANGES_SETTLED;
    if (!c->first)
        c->first = now;
    if (due > c->first + FILE_CHANGES_MOST)
        due = c->first + FILE_CHANGES_MOST;
    if (c->call.env->clock && c->call.env->clock->manual)
        alarm_set(c->call.env->alarms, &c->alarm, due);
    else
        deadline_set(&c->later, due > now ? (uint64_t)(due - now) / 1000 : 0);
}

static void happened(void *data, const char *path)
{
    struct file_changes *c = data;
    if (c->stopped)
        return;
    if (!c->first)
        log_event(c->call.env->log, LOG_DEBUG, "a file of the policies may have changed", LOG_FIELDS({"file", path}));
    wait(c);
}

/* ---- looking ---- */

static void look(struct work *work)
{
    struct file_changes *c = (struct file_changes *)((char *)work - offsetof(struct file_changes, work));
    struct error err;
    size_t count;
    const struct watched_path *paths = policy_footprint_paths(c->known, &count);
    error_clear(&c->err);
    if (c->watch)
        path_watch_set(c->watch, paths, count, &c->err);
    if (policy_footprint_look(c->known, &c->news, &err) && !c->err.code)
        c->err = err;
}

static void looked(struct work *work);

static void start(struct file_changes *c, bool settled)
{
    c->settled = settled;
    c->looking = true;
    work_start(c->call.env->loop, &c->work, look, looked);
}

static void tell_trouble(struct file_changes *c, const struct error *err)
{
    bool known = c->trouble && err->code && strcmp(c->trouble->message, err->message) == 0;
    if (err->code && !known)
        log_event(c->call.env->log, LOG_WARN,
                  "not all changes of the policies' files are seen: mpijobd reload, or SIGHUP, loads them",
                  LOG_FIELDS({"reason", err->message}));
    error_keep(&c->trouble, err->code ? err : NULL);
}

/* Once for each thing that a restart would change. */
static void tell_config(struct file_changes *c)
{
    const char *keys = c->news.config_keys;
    bool told = keys && c->config_told && strcmp(keys, c->config_told) == 0;
    if (keys && !told)
        log_event(c->call.env->log, LOG_WARN, "the configuration has changed; only a restart of the daemon reads it",
                  LOG_FIELDS({"file", c->call.env->config}, {"changes", keys}));
    free(c->config_told);
    c->config_told = c->news.config_keys;
    c->news.config_keys = NULL;
}

static void decide(struct file_changes *c)
{
    if (!c->news.file)
        return;
    if (!c->settled || c->first) { /* they go on: the next look decides */
        if (!c->first)
            wait(c);
        return;
    }
    log_event(c->call.env->log, LOG_INFO, "the policies' files have changed", LOG_FIELDS({"file", c->news.file}));
    c->call.changed(c->call.data);
}

static void looked(struct work *work)
{
    struct file_changes *c = (struct file_changes *)((char *)work - offsetof(struct file_changes, work));
    c->looking = false;
    if (c->newer) { /* what was found is of the load before */
        policy_footprint_free(c->known);
        c->known = c->newer;
        c->newer = NULL;
        if (!c->stopped)
            start(c, false);
    } else if (!c->stopped) {
        tell_trouble(c, &c->err);
        tell_config(c);
        decide(c);
    }
    free(c->news.file);
    free(c->news.config_keys);
    c->news = (struct policy_news){0};
    if (c->stopped)
        c->call.looked(c->call.data);
}

/* While a load is under way, its end begins a look; so does the end of a look, where a load has ended meanwhile. */
static void settled(struct file_changes *c)
{
    if (c->stopped)
        return;
    if (c->looking) {
        wait(c);
        return;
    }
    c->first = 0;
    if (!c->call.loading(c->call.data))
        start(c, true);
}

static void settled_by_time(struct deadline *d)
{
    settled(d->data);
}

static void settled_by_clock(struct alarm *alarm, int64_t now)
{
    (void)now;
    settled(alarm->data);
}

/* ---- its life ---- */

void file_changes_loaded(struct file_changes *c, const struct policy_set *set, const char *const *paths)
{
    if (!c || c->stopped)
        return;
    struct policy_footprint *footprint = policy_footprint_new(set, c->call.env, paths);
    if (!footprint) {
        struct error err;
        error_nomem(&err);
        tell_trouble(c, &err);
        return;
    }
    if (c->looking) {
        policy_footprint_free(c->newer);
        c->newer = footprint;
        return;
    }
    policy_footprint_free(c->known);
    c->known = footprint;
    start(c, false);
}

struct file_changes *file_changes_start(const struct file_changes_call *call, const struct policy_set *set,
                                        const char *const *paths)
{
    struct file_changes *c = calloc(1, sizeof *c);
    struct error err;
    if (!c)
        return NULL;
    c->call = *call;
    c->alarm = (struct alarm){.ring = settled_by_clock, .data = c};
    deadline_init(call->env->loop, &c->later, settled_by_time, c);
    c->handles = 1;
    if (path_watch_open(call->env->loop, happened, c, &c->watch, &err)) {
        tell_trouble(c, &err);
        return c;
    }
    c->handles++;
    if (set)
        file_changes_loaded(c, set, paths);
    return c;
}

bool file_changes_busy(const struct file_changes *c)
{
    return c && c->looking;
}

const struct error *file_changes_trouble(const struct file_changes *c)
{
    return c ? c->trouble : NULL;
}

void file_changes_stop(struct file_changes *c)
{
    if (!c)
        return;
    c->stopped = true;
    alarm_stop(c->call.env->alarms, &c->alarm);
    deadline_stop(&c->later);
}

static void one_closed(struct file_changes *c)
{
    void (*closed)(void *) = c->closed, *data = c->call.data;
    if (--c->handles)
        return;
    policy_footprint_free(c->known);
    policy_footprint_free(c->newer);
    error_keep(&c->trouble, NULL);
    free(c->config_told);
    free(c);
    closed(data);
}

static void later_closed(struct deadline *d)
{
    one_closed(d->data);
}

static void watch_closed(void *data)
{
    one_closed(data);
}

void file_changes_close(struct file_changes *c, void (*closed)(void *data))
{
    c->closed = closed;
    if (c->watch)
        path_watch_close(c->watch, watch_closed, c);
    deadline_close(&c->later, later_closed);
}
