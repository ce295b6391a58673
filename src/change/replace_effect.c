/* The end of a replacement that waits for its effect: what is written is written, and this only looks. */
#include <stdlib.h>

#include "change/replace_parts.h"

int replacing_keep(struct replace *r, const struct kube_answer *answer)
{
    size_t n = 0;
    struct buf copy = BUF_INIT;
    if (!answer || r->after)
        return 0;
    while (answer->warnings[n])
        n++;
    r->warnings = calloc(n + 1, sizeof *r->warnings);
    for (size_t i = 0; r->warnings && i < n; i++) {
        r->warnings[i] = str_dup(str_of(answer->warnings[i]));
        if (!r->warnings[i])
            return ERR_NOMEM;
    }
    buf_add_str(&copy, answer->body.text);
    r->after = buf_take(&copy, &r->after_len);
    return r->warnings && r->after ? 0 : ERR_NOMEM;
}

enum mpijob_sign replacing_sign(const struct replace *r)
{
    if (!r->viewed || r->dry_run || !(r->diff.count || r->launcher.plan.diff.count))
        return SIGN_NONE;
    int64_t wait = (int64_t)r->wait_effect_ms * 1000, watched = (int64_t)EFFECT_WATCHED_MS * 1000;
    return mpijob_effect_sign(&r->view, &r->diff, r->launcher.plan.diff.count ? &r->launcher.plan : NULL, &r->verdict,
                              r->judged_at, wait ? wait : watched);
}

static void seen(void *data, enum effect_seen what, uint64_t after_ms, const struct error *why)
{
    struct replace *r = data;
    r->effect.watch = NULL;
    r->effect.seen = what;
    r->effect.after_ms = after_ms;
    if (why)
        snprintf(r->effect.note, sizeof r->effect.note, "%.*s", (int)sizeof r->effect.note - 1, why->message);
    else
        snprintf(r->effect.note, sizeof r->effect.note, "%s%s", mpijob_sign_text(replacing_sign(r)),
                 what == EFFECT_SEEN ? "" : ": not seen within the time");
    replace_row_observed(r);
    replacing_finish(r, NULL, NULL);
}

bool replacing_wait_effect(struct replace *r, const struct kube_answer *answer)
{
    struct error err;
    char uid[64];
    enum mpijob_sign sign = replacing_sign(r);
    if (!r->wait_effect_ms || r->effect.asked || r->cancelled)
        return false;
    r->effect.asked = true;
    if (sign == SIGN_NONE) {
        snprintf(r->effect.note, sizeof r->effect.note, "nothing is to be seen of it now");
        return false;
    }
    snprintf(uid, sizeof uid, "%.*s", (int)r->view.uid.len, r->view.uid.ptr);
    struct effect_watch_call call = {
        .loop = r->site->loop,
        .cluster = r->site->cluster,
        .target = r->view.target,
        .name_space = r->name_space,
        .name = r->name,
        .uid = uid,
        .sign = sign,
        .timeout_ms = r->wait_effect_ms,
        .done = seen,
        .data = r,
    };
    int rc = replacing_keep(r, answer) ? error_nomem(&err) : effect_watch_start(&call, &r->effect.watch, &err);
    if (rc) {
        r->effect.seen = EFFECT_CANNOT_TELL;
        snprintf(r->effect.note, sizeof r->effect.note, "%.*s", (int)sizeof r->effect.note - 1, err.message);
    }
    return rc == 0;
}

void replace_stop_waiting(struct replace *r)
{
    if (r->ended || !r->effect.watch)
        return;
    effect_watch_cancel(r->effect.watch);
    r->effect.watch = NULL;
    r->effect.over = true;
    snprintf(r->effect.note, sizeof r->effect.note, "the wait for it was given up");
    deadline_set(&r->pause, 0);
}
