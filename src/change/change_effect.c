/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a change that waits for its effect. Everything is written by then; this only looks. */
#include <stdio.h>

#include "change/change_parts.h"
#include "store/journal.h"
#include "store/state.h"

enum mpijob_sign change_sign(const struct change *c)
{
    if (!c->viewed || c->dry_run)
        return SIGN_NONE;
    if (c->verb == CHANGE_DELETE)
        return SIGN_DELETED;
    if (!(c->diff.count || c->child.plan.diff.count))
        return SIGN_NONE;
    int64_t wait = (int64_t)c->wait_effect_ms * 1000, watched = (int64_t)EFFECT_WATCHED_MS * 1000;
    return mpijob_effect_sign(&c->view, &c->diff, c->child.plan.diff.count ? &c->child.plan : NULL, &c->verdict,
                              c->judged_at, wait ? wait : watched);
}

static void note_in_journal(const struct change *c)
{
    struct store_observation row = {.id = c->row ? c->row : c->child.row,
                                    .observed = effect_seen_name(c->effect.seen),
                                    .observed_at = clock_now(c->site->clock)};
    if (row.id && row.observed)
        state_observed(c->site->state, &row, NULL, NULL);
}

static void seen(void *data, enum effect_seen what, uint64_t after_ms, const struct error *why)
{
    struct change *c = data;
    c->effect.watch = NULL;
    c->effect.seen = what;
    c->effect.after_ms = after_ms;
    if (why)
        snprintf(c->effect.note, sizeof c->effect.note, "%.*s", (int)sizeof c->effect.note - 1, why->message);
    else
        snprintf(c->effect.note, sizeof c->effect.note, "%s%s", mpijob_sign_text(change_sign(c)),
                 what == EFFECT_SEEN ? "" : ": not seen within the time");
    note_in_journal(c);
    change_finish(c, true, NULL);
}

bool change_wait_effect(struct change *c)
{
    struct error err;
    char uid[64];
    enum mpijob_sign sign = change_sign(c);
    if (!c->wait_effect_ms || c->effect.asked || c->cancelled)
        return false;
    c->effect.asked = true;
    if (sign == SIGN_NONE) {
        snprintf(c->effect.note, sizeof c->effect.note, "it has no effect that could be seen now");
        return false;
    }
    snprintf(uid, sizeof uid, "%.*s", (int)c->view.uid.len, c->view.uid.ptr);
    struct effect_watch_call call = {
        .loop = c->site->loop,
        .cluster = c->site->cluster,
        .target = c->view.target,
        .name_space = c->name_space,
        .name = c->name,
        .uid = uid,
        .sign = sign,
        .timeout_ms = c->wait_effect_ms,
        .done = seen,
        .data = c,
    };
    int rc = effect_watch_start(&call, &c->effect.watch, &err);
    if (rc) {
        c->effect.seen = EFFECT_CANNOT_TELL;
        snprintf(c->effect.note, sizeof c->effect.note, "%.*s", (int)sizeof c->effect.note - 1, err.message);
    }
    return rc == 0;
}

void change_stop_waiting(struct change *c)
{
    if (c->ended || !c->effect.watch)
        return;
    effect_watch_cancel(c->effect.watch);
    c->effect.watch = NULL;
    c->effect.over = true;
    snprintf(c->effect.note, sizeof c->effect.note, "the wait for it was given up");
    change_soon(c);
}
