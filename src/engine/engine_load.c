/* SPDX-License-Identifier: Apache-2.0 */
/* Loading policies, rehearsing them, and putting them in force. */
#include <stdlib.h>
#include <utlist.h>

#include "base/log_fold.h"
#include "base/texts.h"
#include "engine/culprits.h"
#include "engine/engine_parts.h"
#include "policy/asked_again.h"
#include "policy/file_changes.h"
#include "rehearsal/rehearsal.h"
#include "rehearsal/reload_report.h"
#include "site/counters.h"

/* The set becomes the engine's, and goes in force. */
static void take_over(struct engine *e, struct policy_set *set, struct reload_changes *changes)
{
    if (e->set) {
        reload_compare(e->set, set, changes);
        reload_report(e->o.log, changes);
    }
    policy_set_release(e->set);
    e->set = set;
    engine_mark_paused(e, set);
    for (size_t i = 0; i < set->count; i++)
        counters_begin(e->counters, set->entries[i].policy->name);
    culprits_tell(e);
    if (!e->o.check && !e->o.once)
        policy_set_tell_asked(set, e->o.log);
    for (size_t i = 0; i < e->cluster_count; i++) {
        loops_forget(&e->clusters[i].runs.loops); /* of the policies before */
        engine_cluster_put_in_force(&e->clusters[i]);
    }
}

static void log_findings(const struct engine *e, const struct policy_set *set)
{
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *x = &set->errors[i];
        if (x->line)
            log_line(e->o.log, LOG_ERROR, "%s:%d: %s", x->file, x->line, x->message);
        else
            log_line(e->o.log, LOG_ERROR, "%s: %s", x->file, x->message);
    }
}

/* For the metrics and /readyz. */
static void note_load(struct engine *e, const struct policy_set *set)
{
    struct error err;
    e->load_us = clock_now(e->o.clock);
    error_clear(&err);
    if (set->error_count) {
        const struct policy_error *x = &set->errors[0];
        error_set(&err, ERR_INVALID, "%s:%d: %s", x->file, x->line, x->message);
    } else {
        e->load_good_us = e->load_us;
    }
    error_keep(&e->load_error, &err);
}

/* Those who wait for the load that has ended. */
static void tell_reloads(struct engine *e, const struct policy_set *set, const struct reload_changes *changes)
{
    struct reload_wait *w, *next;
    DL_FOREACH_SAFE(e->reloads, w, next)
    {
        if (!w->begun && !e->stopping)
            continue;
        DL_DELETE(e->reloads, w);
        w->told(w, set, changes);
    }
}

/* The set is read, and goes in force where it is good. */
static void conclude(struct engine *e, struct policy_set *set)
{
    struct reload_changes changes = {.rehearsal = e->rehearsal};
    if (!set->error_count) {
        policy_set_hold(set);
        take_over(e, set, &changes);
    }
    tell_reloads(e, set, &changes);
    reload_changes_free(&changes);
    rehearsal_free(e->rehearsal);
    e->rehearsal = NULL;
    file_changes_loaded(e->files, set, (const char *const *)e->paths);
    policy_set_release(set);
    if (e->reload_again && !e->stopping) {
        e->reload_again = false;
        engine_reload(e);
    }
    engine_check_stopped(e);
}

static void give_up(struct engine *e)
{
    tell_reloads(e, NULL, NULL);
    engine_check_stopped(e);
}

static void rehearsed(void *data)
{
    struct engine *e = data;
    deadline_stop(&e->patience);
    struct policy_set *set = e->next;
    e->next = NULL;
    if (!e->stopping) {
        rehearsal_log(e->rehearsal);
        conclude(e, set);
        return;
    }
    rehearsal_free(e->rehearsal);
    e->rehearsal = NULL;
    policy_set_release(set);
    give_up(e);
}

static int start_rehearsal(struct engine *e, const struct policy_set *set, struct error *err)
{
    struct rehearsal_place *places = calloc(e->cluster_count + 1, sizeof *places);
    struct rehearsal_options options = {.places = places,
                                        .was = e->set,
                                        .soon = e->o.soon,
                                        .clock = e->o.clock,
                                        .log = e->o.log,
                                        .done = rehearsed,
                                        .data = e};
    if (!places)
        return error_nomem(err);
    for (size_t i = 0; i < e->cluster_count; i++) {
        struct engine_cluster *at = &e->clusters[i];
        if (at->triggered)
            places[options.place_count++] = (struct rehearsal_place){&at->site, &at->watches, &at->runs, &at->triggers};
    }
    int result = rehearsal_start(&options, set, &e->rehearsal, err);
    free(places);
    return result;
}

/* It goes in force all the same where it cannot be rehearsed. */
static void rehearse(struct engine *e, struct policy_set *set)
{
    struct error err;
    e->next = set;
    if (start_rehearsal(e, set, &err) == 0) {
        deadline_set(&e->patience, REHEARSAL_MOST_MS);
        return;
    }
    log_line(e->o.log, LOG_WARN, "the new policies are not rehearsed: %s", err.message);
    e->next = NULL;
    conclude(e, set);
}

static void tell_reload(const struct engine *e, const struct policy_set *set)
{
    log_findings(e, set);
    if (set->config_changed)
        log_event(
            e->o.log, LOG_WARN, "the configuration has changed, and a reload does not read it: restart the daemon",
            LOG_FIELDS({"file", set->config_changed}, {"changes", set->config_keys.len ? set->config_keys.ptr : NULL}));
    if (set->error_count)
        log_line(e->o.log, LOG_ERROR, "the policies in force stay as they are, because of the errors above");
}

static void loaded(void *data, struct policy_set *set)
{
    struct engine *e = data;
    bool first = e->loaded != NULL;
    e->loading = NULL;
    if (!set) { /* cancelled */
        give_up(e);
        return;
    }
    note_load(e, set);
    if (first)
        e->loaded(e->loaded_data, set);
    else
        tell_reload(e, set);
    e->loaded = NULL;
    if (first || set->error_count || !e->set)
        conclude(e, set);
    else
        rehearse(e, set);
}

int engine_load(struct engine *e, const char *const *paths, void (*told)(void *data, const struct policy_set *set),
                void *data, struct error *err)
{
    e->loaded = told;
    e->loaded_data = data;
    e->paths = texts_copy_list(paths, texts_count(paths));
    if (!e->paths)
        return error_nomem(err);
    culprits_read(e);
    return policy_load_start(&e->env, (const char *const *)e->paths, loaded, e, &e->loading, err);
}

static void load_again(struct engine *e)
{
    struct error err;
    if (e->stopping) {
        give_up(e);
    } else if (policy_load_start(&e->env, (const char *const *)e->paths, loaded, e, &e->loading, &err)) {
        log_line(e->o.log, LOG_ERROR, "%s", err.message);
        tell_reloads(e, NULL, NULL);
    }
}

void engine_reload(struct engine *e)
{
    if (e->stopping || !e->paths)
        return;
    if (e->loading || e->reading || e->rehearsal) {
        e->reload_again = true;
        return;
    }
    log_fold_flush(e->o.log);
    log_line(e->o.log, LOG_INFO, "loading the policies again");
    struct reload_wait *w;
    DL_FOREACH(e->reloads, w)
    {
        w->begun = true;
    }
    culprits_read_then(e, load_again);
}

void engine_reload_and_tell(struct engine *e, struct reload_wait *wait)
{
    wait->begun = false;
    if (e->stopping || !e->paths) {
        wait->told(wait, NULL, NULL);
        return;
    }
    DL_APPEND(e->reloads, wait);
    engine_reload(e);
}
