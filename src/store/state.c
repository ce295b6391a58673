/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same in every form of the state: the keys, the epoch of an intent, which runs move a mark. */
#include "store/state.h"

#include <stdio.h>
#include <string.h>

#include "store/journal.h"

const char *state_key(const char *policy, const char *cluster, char out[STATE_KEY_MAX])
{
    bool named = cluster && strcmp(cluster, STORE_CLUSTER_DEFAULT) != 0;
    snprintf(out, STATE_KEY_MAX, "%s%s%s", policy, named ? "@" : "", named ? cluster : "");
    return out;
}

int state_read_mark(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err)
{
    return state->ops->read_mark(state, key, scheduled_at, found, err);
}

int state_read_changed(struct state *state, const char *key, int64_t scheduled_at,
                       bool (*uid)(void *data, const char *uid), void *data, struct error *err)
{
    return state->ops->read_changed(state, key, scheduled_at, uid, data, err);
}

bool state_run_is_open(struct state *state, int64_t run)
{
    return state->ops->run_is_open(state, run);
}

bool state_change_is_open(struct state *state, const struct state_begun *change)
{
    return state->ops->change_is_open(state, change);
}

void state_set_mark(struct state *state, const char *key, int64_t scheduled_at, store_done done, void *data)
{
    state->ops->set_mark(state, key, scheduled_at, done, data);
}

void state_remove_mark(struct state *state, const char *key, store_done done, void *data)
{
    state->ops->remove_mark(state, key, done, data);
}

int state_read_handled(struct state *state, const char *key, bool (*row)(void *data, const struct store_handled *row),
                       void *data, struct error *err)
{
    return state->ops->read_handled(state, key, row, data, err);
}

void state_set_handled(struct state *state, const struct store_handled *row, store_done done, void *data)
{
    state->ops->set_handled(state, row, done, data);
}

void state_keep(struct state *state, const struct store_kept *row, bool soon, store_done done, void *data)
{
    state->ops->keep(state, row, soon, done, data);
}

int state_read_kept(struct state *state, const char *space, bool (*row)(void *data, const struct store_kept *row),
                    void *data, struct error *err)
{
    return state->ops->read_kept(state, space, row, data, err);
}

void state_sync(struct state *state, store_done done, void *data)
{
    state->ops->sync(state, done, data);
}

void state_run_begin(struct state *state, const struct store_run *run, store_done done, void *data)
{
    char key[STATE_KEY_MAX];
    bool by_schedule = run->trigger && (strcmp(run->trigger, "schedule") == 0 || strcmp(run->trigger, "every") == 0);
    const char *mark = by_schedule ? state_key(run->policy ? run->policy : "", run->cluster, key) : NULL;
    state->ops->run_begin(state, run, mark, done, data);
}

void state_run_end(struct state *state, const struct store_run *run, bool soon, store_done done, void *data)
{
    state->ops->run_end(state, run, soon, done, data);
}

void state_intent(struct state *state, const struct store_intent *intent, const struct store_handled *handled,
                  store_done done, void *data)
{
    struct store_intent stamped = *intent;
    stamped.epoch = state->epoch;
    state->ops->intent(state, &stamped, handled, done, data);
}

void state_outcome(struct state *state, const struct store_outcome *outcome, const struct store_handled *handled,
                   store_done done, void *data)
{
    state->ops->outcome(state, outcome, handled, done, data);
}

void state_observed(struct state *state, const struct store_observation *observation, store_done done, void *data)
{
    state->ops->observed(state, observation, done, data);
}
