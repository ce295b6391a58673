/* SPDX-License-Identifier: Apache-2.0 */
/* Reads in the journal what an interrupted run has changed: the run that finishes it leaves those jobs alone. */
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "run/sweep_parts.h"
#include "store/journal.h"
#include "store/state.h"

struct done_before {
    UT_hash_handle hh;
    char uid[];
};

bool sweep_changed_before(struct sweep *s, struct str object)
{
    struct json root;
    char uid[64];
    struct done_before *found = NULL;
    /* Where a change goes through the launcher, only the MPIJob's part may have been made. So the job is looked at
     * again; values that it has already are not written again. */
    if (!s->before || (s->run->policy->through_child && s->run->policy->action == ACTION_TABLE))
        return false;
    if (json_parse(object, "the job", &root, NULL) == 0 && json_string_at(root, "/metadata/uid", uid, sizeof uid) == 0)
        HASH_FIND_STR(s->before, uid, found);
    return found != NULL;
}

static bool out_of_memory(struct sweep *s)
{
    struct error err;
    error_nomem(&err);
    error_keep(&s->read_error, &err);
    return false;
}

static bool add_uid(void *data, const char *uid)
{
    struct sweep *s = data;
    struct done_before *found, *b;
    HASH_FIND_STR(s->before, uid, found);
    if (found)
        return true;
    size_t n = strlen(uid);
    b = malloc(sizeof *b + n + 1);
    if (!b)
        return out_of_memory(s);
    memcpy(b->uid, uid, n + 1);
    b->hh.tbl = NULL;
    HASH_ADD_STR(s->before, uid, b);
    if (b->hh.tbl)
        return true;
    free(b);
    return out_of_memory(s);
}

static bool add_before(void *data, const struct store_change *change)
{
    bool done = change->outcome && strncmp(change->outcome, "done", 4) == 0;
    return done && change->uid ? add_uid(data, change->uid) : true;
}

/* Takes all runs of the policy for this instant: the interrupted run may itself have finished an interrupted one. */
static bool add_run(void *data, const struct store_run *run)
{
    struct sweep *s = data;
    if (run->scheduled_at < s->run->scheduled_at)
        return false; /* the newest come first, so all that follow are older */
    if (run->scheduled_at == s->run->scheduled_at && !run->dry_run)
        s->ids[s->id_count++] = run->id;
    return s->id_count < RESUMED_MAX;
}

/* On another thread, which alone uses s->before until it has ended. */
static void read_before(struct work *work)
{
    struct sweep *s = (struct sweep *)work;
    struct journal *journal = s->run->site->journal;
    struct store_filter runs = {.policy = s->run->policy->name, .cluster = cluster_name(s->run->site->cluster)};
    struct error err;
    int rc = journal_read_runs(journal, &runs, false, add_run, s, &err);
    for (size_t i = 0; !rc && !s->read_error && i < s->id_count; i++) {
        struct store_filter changes = {.run = s->ids[i]};
        rc = journal_read_changes(journal, &changes, add_before, s, &err);
    }
    char key[STATE_KEY_MAX];
    state_key(s->run->policy->name, cluster_name(s->run->site->cluster), key);
    if (!rc && !s->read_error) /* by another replica */
        rc = state_read_changed(s->run->site->state, key, s->run->scheduled_at, add_uid, s, &err);
    if (rc)
        error_keep(&s->read_error, &err);
}

static void before_read(struct work *work)
{
    struct sweep *s = (struct sweep *)work;
    s->reading = false;
    s->run->reading = false;
    sweep_wake(s);
    run_check_end(s->run);
}

void sweep_read_before(struct sweep *s)
{
    s->reading = s->run->reading = true;
    work_start(s->run->site->loop, &s->work, read_before, before_read);
}

void sweep_free_before(struct sweep *s)
{
    struct done_before *b, *next;
    error_keep(&s->read_error, NULL);
    HASH_ITER(hh, s->before, b, next)
    {
        HASH_DEL(s->before, b);
        free(b);
    }
}
