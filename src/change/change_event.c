/* SPDX-License-Identifier: Apache-2.0 */
/* What a change says on its job, for who reads `kubectl describe`: by whom it was made, what is another now, and what
 * that does. */
#include <inttypes.h>
#include <stdio.h>

#include "base/texts.h"
#include "change/change_parts.h"
#include "events/events.h"

#define VALUE_MAX 80    /* bytes of a value: an annotation may hold a whole file */
#define CHANGES_MAX 600 /* bytes of all changes: room is left for the effect */

static const char *reason_of(const struct change *c, const struct error *err)
{
    if (err)
        return "ReplacedInPart";
    return c->verb == CHANGE_CREATE ? "Created" : c->verb == CHANGE_DELETE ? "Deleted" : "Replaced";
}

static void value(const char *raw, struct buf *out)
{
    struct buf whole = BUF_INIT;
    mpijob_difference_value(raw, &whole);
    event_text_add(out, buf_str(&whole), out->len + VALUE_MAX);
    buf_free(&whole);
}

/* "cleanPodPolicy", as policies call it, and not "spec.runPolicy.cleanPodPolicy". */
static void name(const struct mpijob_difference *d, struct buf *out)
{
    const char *field = d->field >= FIELD_COUNT ? NULL : mpijob_field_name(d->field);
    if (field && str_ends(str_of(d->pointer), field))
        buf_puts(out, field);
    else
        mpijob_difference_name(d, out);
}

/* What is in a Secret is for those alone who may read it. */
static const char *hidden(const struct mpijob_diff *diff, const struct mpijob_difference *d, const char *raw)
{
    bool open = !diff->secret || str_starts(str_of(d->pointer), "/metadata/labels/");
    return !raw || open ? raw : "\"(hidden)\"";
}

static void changes(const struct mpijob_diff *diff, const char *of, struct buf *out)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        if (out->len > CHANGES_MAX) {
            buf_printf(out, ", and %zu more", diff->count - i);
            return;
        }
        buf_printf(out, "%s%s", out->len ? ", " : "", i ? "" : of);
        name(d, out);
        buf_puts(out, ": ");
        value(hidden(diff, d, d->before), out);
        buf_puts(out, " -> ");
        value(hidden(diff, d, d->after), out);
    }
}

void change_text(const struct mpijob_diff *diff, struct buf *out)
{
    changes(diff, "", out);
}

/* What was changed and what that does. */
static void what(const struct change *c, const struct change_result *result, const struct error *err, struct buf *out)
{
    char of[320];
    snprintf(of, sizeof of, "of its %s, ", result->child_told);
    int64_t gpus = err ? 0 : change_gpus_released(result);
    changes(result->diff, "", out);
    changes(result->child, of, out);
    if (!out->len)
        buf_puts(out, c->verb == CHANGE_CREATE ? "created" : c->verb == CHANGE_DELETE ? "deleted" : "changed");
    if (err) {
        buf_printf(out, "; its %s was not: %s", result->child_told, err->message);
        return;
    }
    if (c->verb == CHANGE_CREATE || c->verb == CHANGE_DELETE)
        return;
    buf_printf(out, "; %s", mpijob_effect_name(result->effect));
    if (gpus)
        buf_printf(out, ", frees %" PRId64 " GPU%s", gpus, gpus == 1 ? "" : "s");
    if (*result->why && result->effect != EFFECT_STORED)
        buf_printf(out, ": %s", result->why);
}

static void who(const struct change *c, struct buf *out)
{
    const char *by = or_empty(events_by(c->site->events));
    if (*c->policy)
        buf_printf(out, "policy %s", c->policy);
    else
        buf_printf(out, "by hand%s%s%s", *by ? " (" : "", by, *by ? ")" : "");
    if (c->run)
        buf_printf(out, ", run %" PRId64, c->run);
}

/* The job as it is now; of one that was deleted, as it was. */
static bool view_of(const struct change *c, const struct change_result *result, struct mpijob_view *view)
{
    struct json root;
    if (c->verb == CHANGE_DELETE && c->viewed)
        *view = c->view;
    else if (!result->object.len || json_parse(result->object, "the job", &root, NULL) ||
             mpijob_view(root, c->target, view, NULL))
        return false;
    return view->name_space.len > 0;
}

void change_event(const struct change *c, const struct change_result *result, const struct error *err)
{
    struct mpijob_view view;
    struct buf done = BUF_INIT, text = BUF_INIT, same = BUF_INIT;
    if (!c->site->events || c->quiet || !c->ours || result->dry_run || !result->changed)
        return;
    if (!view_of(c, result, &view))
        return;
    what(c, result, err, &done);
    who(c, &text);
    buf_puts(&text, ": ");
    buf_add_str(&text, buf_str(&done));
    if (c->about)
        buf_printf(&text, ". %s", c->about);
    buf_printf(&same, "%s: %s", c->policy, done.ptr ? done.ptr : ""); /* whichever run it is */
    struct event event = {.job = &view,
                          .reason = reason_of(c, err),
                          .warning = err != NULL,
                          .text = buf_str(&text),
                          .same = buf_str(&same)};
    if (!done.failed && !text.failed && !same.failed)
        events_add(c->site->events, &event);
    buf_free(&done);
    buf_free(&text);
    buf_free(&same);
}
