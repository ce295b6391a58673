/* SPDX-License-Identifier: Apache-2.0 */
/* Is an object still as it was when its change was worked out? If not, what has moved is told in words. */
#include <stdlib.h>

#include "kube/verbs.h"
#include "plan/plan_work.h"

#define TOLD_MAX 3 /* differences */

struct kube_resource plan_resource(const struct plan_write *w)
{
    return (struct kube_resource){w->group, w->version, w->plural};
}

static const struct plan_write *write_of(const struct plan_item *item)
{
    return item->at_child ? &item->change->child : &item->change->object;
}

/* ---- what has moved ---- */

static void tell_differences(const struct mpijob_diff *diff, struct buf *out)
{
    for (size_t i = 0; i < diff->count && i < TOLD_MAX; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        buf_puts(out, i ? "; " : ": ");
        mpijob_difference_name(d, out);
        buf_puts(out, " was ");
        mpijob_difference_value(d->before, out);
        buf_puts(out, ", is ");
        mpijob_difference_value(d->after, out);
    }
    if (diff->count > TOLD_MAX)
        buf_printf(out, "; and %zu more", diff->count - TOLD_MAX);
    if (!diff->count)
        buf_puts(out, ": only what its server or its controller writes, as its status");
}

/* The object as it was looked at follows from what it was to become, and the difference. */
static void tell_moved(const struct plan_write *w, struct json now, struct buf *out)
{
    struct mpijob_diff left = {0}, diff = {0};
    struct buf was = BUF_INIT;
    struct json body, before;
    buf_printf(out, "it was changed since the plan was made");
    if (w->verb == CHANGE_REPLACE && json_parse(str_of(w->body), "the plan", &body, NULL) == 0 &&
        mpijob_diff_reverse(&w->diff, body, &was, &left, NULL) == 0 && !left.count &&
        json_parse(buf_str(&was), "the plan", &before, NULL) == 0 && mpijob_objects_diff(before, now, &diff, NULL) == 0)
        tell_differences(&diff, out);
    mpijob_diff_free(&left);
    mpijob_diff_free(&diff);
    buf_free(&was);
}

/* ---- what came ---- */

static enum plan_state absent(const struct plan_write *w, struct buf *out)
{
    if (w->verb == CHANGE_CREATE)
        return PLAN_FITS;
    if (w->verb == CHANGE_DELETE)
        return PLAN_DONE;
    buf_puts(out, "it is not there any more");
    return PLAN_MOVED;
}

static bool is_as_created(const struct plan_write *w, struct json now)
{
    static const char *const places[] = {"/metadata/labels", "/metadata/annotations", "/spec", "/data"};
    struct json made;
    if (json_parse(str_of(w->body), "the plan", &made, NULL))
        return false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct json then = json_at(made, places[i]);
        if (json_exists(then) && !json_equal(then, json_at(now, places[i])))
            return false;
    }
    return true;
}

static enum plan_state there(const struct plan_write *w, bool last, struct json now, struct buf *out)
{
    if (w->verb == CHANGE_CREATE && is_as_created(w, now))
        return PLAN_DONE;
    if (w->verb == CHANGE_CREATE) {
        buf_puts(out, "there is an object of that name now");
        return PLAN_MOVED;
    }
    if (!json_string_is(json_at(now, "/metadata/uid"), str_of(w->uid))) {
        if (w->verb == CHANGE_DELETE)
            return PLAN_DONE;
        buf_puts(out, "another object has that name now");
        return PLAN_MOVED;
    }
    if (json_string_is(json_at(now, "/metadata/resourceVersion"), str_of(w->resource_version)))
        return PLAN_FITS;
    if (last && mpijob_diff_not_done(&w->diff, now))
        return PLAN_FITS; /* whatever else has moved */
    if (w->verb != CHANGE_DELETE && w->diff.count && mpijob_diff_done(&w->diff, now))
        return PLAN_DONE;
    tell_moved(w, now, out);
    return PLAN_MOVED;
}

static void look_at_one(struct plan_item *item);

static void settle(struct plan_item *item, enum plan_state state)
{
    *(item->at_child ? &item->child_state : &item->object_state) = state;
    bool more = !item->at_child && (state == PLAN_FITS || state == PLAN_DONE);
    if (more) {
        item->at_child = true;
        look_at_one(item);
        return;
    }
    if (item->at_child && item->moved.len && state != PLAN_FITS && state != PLAN_DONE) {
        struct buf told = BUF_INIT;
        buf_printf(&told, "its %s: %s", item->change->child_called, item->moved.ptr);
        buf_free(&item->moved);
        item->moved = told;
    }
    item->state = state == PLAN_MOVED || state == PLAN_FAILED                         ? state
                  : item->object_state == PLAN_DONE && item->child_state == PLAN_DONE ? PLAN_DONE
                                                                                      : PLAN_FITS;
    item->at_child = false;
    plan_work_next(item);
}

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct plan_item *item = data;
    const struct plan_write *w = write_of(item);
    (void)request;
    (void)lost;
    item->request = NULL;
    if (!err) {
        json_string_at(answer->body, "/metadata/labels/kueue.x-k8s.io~1job-uid", item->job_uid, sizeof item->job_uid);
        settle(item, there(w, item->change->last, answer->body, &item->moved));
    } else if (err->code == ERR_NOT_FOUND && !err->no_path) {
        settle(item, absent(w, &item->moved));
    } else {
        buf_puts(&item->moved, err->message);
        settle(item, PLAN_FAILED);
    }
}

static void look_at_one(struct plan_item *item)
{
    const struct plan_write *w = write_of(item);
    struct error err;
    if (!w->texts) {
        settle(item, PLAN_DONE);
        return;
    }
    struct kube_resource resource = plan_resource(w);
    struct kube_call call = {.resource = &resource,
                             .name_space = w->name_space,
                             .name = w->name,
                             .seat.rank = SEAT_PERSON,
                             .done = came,
                             .data = item};
    if (kube_get(cluster_kube(item->work->site->cluster), &call, &item->request, &err)) {
        item->request = NULL;
        buf_puts(&item->moved, err.message);
        settle(item, PLAN_FAILED);
    }
}

void plan_look(struct plan_item *item)
{
    buf_reset(&item->moved);
    item->at_child = false;
    look_at_one(item);
}
