/* SPDX-License-Identifier: Apache-2.0 */
/* The Jobs of a JobSet: which of them a change goes through, and what it does there. */
#include <stdio.h>

#include "base/clock.h"
#include "mpijob/effect/child.h"
#include "mpijob/effect/effect_parts.h"
#include "mpijob/effect/others.h"
#include "mpijob/shown.h"
#include "json/edit.h"

#define NAME_OF_SET "jobset.sigs.k8s.io/jobset-name"

void mpijob_child_selector(const struct mpijob_view *view, struct buf *out)
{
    const struct mpijob_child *row = mpijob_child_of(view->target);
    buf_printf(out, NAME_OF_SET "=%.*s", (int)view->name.len, view->name.ptr);
    if (row->label)
        buf_printf(out, ",%s=%s", row->label, row->value);
}

static struct json label_of(struct json job, const char *name)
{
    return json_member(json_at(job, "/metadata/labels"), str_of(name));
}

/* The set has ended when those Jobs have that its successPolicy names: all, where it names none. */
static bool counts_for_success(struct json set, struct json name)
{
    struct json named = mpijob_value_at(set, "/spec/successPolicy/targetReplicatedJobs");
    for (struct json_iter it = json_iter(named); json_next(&it);) {
        if (json_equal(it.value, name))
            return true;
    }
    return json_count(named) == 0;
}

static int64_t place_in(struct json set, struct json name)
{
    int64_t at = 0;
    for (struct json_iter it = json_iter(json_at(set, "/spec/replicatedJobs")); json_next(&it); at++) {
        if (json_equal(json_get(it.value, "name"), name))
            break;
    }
    return at;
}

#define INDEXES INT64_C(1000000000) /* more Jobs than one replicatedJob has */

static int64_t index_of(struct json job)
{
    char text[32] = "";
    struct json index = label_of(job, "jobset.sigs.k8s.io/job-index");
    int64_t n = 0;
    if (json_type(index) == JSON_STRING)
        snprintf(text, sizeof text, "%.*s", (int)index.text.len - 2, index.text.ptr + 1);
    return json_int64((struct json){str_of(text)}, &n) && n >= 0 && n < INDEXES ? n : 0;
}

int64_t mpijob_child_rank(const struct mpijob_view *view, struct json set, struct json job)
{
    const struct mpijob_child *row = mpijob_child_of(view->target);
    struct json name = label_of(job, "jobset.sigs.k8s.io/replicatedjob-name");
    bool marked = !row->label || json_string_is(label_of(job, row->label), str_of(row->value));
    if (!marked || mpijob_child_check(view, set, job, NULL) || child_has_ended(job) ||
        json_exists(mpijob_value_at(job, "/metadata/deletionTimestamp")))
        return -1;
    int64_t last = (int64_t)json_count(json_at(set, "/spec/replicatedJobs")) + 1;
    return ((counts_for_success(set, name) ? 0 : last) + place_in(set, name)) * INDEXES + index_of(job);
}

int mpijob_child_none(const struct mpijob_view *view, bool has_set, struct error *err)
{
    const struct mpijob_child *row = mpijob_child_of(view->target);
    bool runs = view->phase == PHASE_RUNNING;
    const char *cure = runs ? ", though it is Running" : ". Ask for phase = \"Running\"";
    struct buf selector = BUF_INIT;
    mpijob_child_selector(view, &selector);
    int rc = buf_result(&selector, "the labels of its Jobs", err);
    if (!rc && !has_set)
        rc = error_set(err, ERR_REFUSED,
                       "there is no JobSet %.*s of it%s, and so no Job to change: nothing was changed%s",
                       shown(view->name, 200), view->name.ptr, runs ? "" : " yet", cure);
    else if (!rc)
        rc = error_set(err, ERR_REFUSED, "%s Job of it (%s) is there that has not ended: nothing was changed%s",
                       row->label ? "no such" : "no", selector.ptr, cure);
    buf_free(&selector);
    return rc;
}

int child_judge_in_set(const struct mpijob_child *row, struct json job, struct json set, const char *pointer,
                       struct str after, int64_t now, struct mpijob_verdict *v, struct error *err)
{
    struct json_edits edits = {0};
    struct buf text = BUF_INIT;
    struct json becomes;
    if (after.len)
        json_edit_set(&edits, pointer, after);
    else
        json_edit_remove(&edits, pointer);
    int rc = json_edit_apply(&edits, job, &text, err);
    json_edits_free(&edits);
    if (!rc)
        rc = json_parse(buf_str(&text), "the Job", &becomes, err);
    if (!rc)
        mpijob_other_change(&(struct other_object){row->group, row->plural, job, set}, becomes, now, v);
    buf_free(&text);
    return rc;
}
