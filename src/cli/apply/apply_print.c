/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a plan, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/apply/applying.h"
#include "json/member.h"

static bool as_json(const struct apply *a)
{
    return a->s.options.output == OUTPUT_JSON;
}

static void begin_row(struct json_writer *w, const struct plan_item *item, const char *outcome)
{
    json_write_object(w);
    json_member_text(w, "policy", item->change->policy);
    json_member_text(w, "job", item->change->job);
    json_member_text(w, "outcome", outcome);
}

static void diff_of(struct json_writer *w, const struct mpijob_diff *diff)
{
    struct buf out = BUF_INIT;
    struct json root;
    mpijob_diff_json(diff, &out);
    json_write_key(w, "diff");
    if (out.len && json_parse(buf_str(&out), "", &root, NULL) == 0)
        json_write_raw(w, root);
    else
        json_write_null(w);
    buf_free(&out);
}

void apply_print_begin(struct apply *a)
{
    if (!as_json(a))
        return;
    json_writer_init(&a->w, &a->json);
    json_write_object(&a->w);
    json_member_text(&a->w, "plan", a->plan.sum);
    json_write_key(&a->w, "dry_run");
    json_write_bool(&a->w, a->s.options.dry_run);
    json_write_key(&a->w, "changes");
    json_write_array(&a->w);
}

void apply_print_left(struct apply *a, const struct plan_item *item)
{
    const char *why = item->moved.ptr ? item->moved.ptr : "";
    static const char *const outcomes[] = {"", "already", "moved", "failed"};
    if (as_json(a)) {
        begin_row(&a->w, item, outcomes[item->state]);
        if (item->state == PLAN_MOVED)
            json_member_text(&a->w, "moved", why);
        if (item->state == PLAN_FAILED)
            json_member_text(&a->w, "error", why);
        json_write_end(&a->w);
        return;
    }
    if (item->state == PLAN_DONE)
        printf("%s is as the plan makes it already\n", item->change->job);
    else
        printf("%s: %s: %s\n", item->state == PLAN_MOVED ? "moved" : "not looked at", item->change->job, why);
}

void apply_print_file(struct apply *a, const struct plan_file *file)
{
    if (!as_json(a))
        printf("moved: %s has another text than the plan was made with\n", file->path);
}

void apply_print_done(struct apply *a, const struct plan_item *item, const struct change_result *result,
                      const struct error *err)
{
    const char *called = item->change->child_called, *of = item->at_child ? "'s " : "",
               *what = item->at_child ? called : "";
    if (as_json(a)) {
        begin_row(&a->w, item, err ? "failed" : result->changed ? "changed" : "unchanged");
        json_member_text(&a->w, "part", item->at_child ? called : "object");
        if (err) {
            json_member_text(&a->w, "reason", err->reason);
            json_member_text(&a->w, "error", err->message);
        } else {
            json_member_text(&a->w, "effect", mpijob_effect_name(result->effect));
            json_member_text(&a->w, "why", result->why);
            diff_of(&a->w, result->diff);
        }
        json_write_end(&a->w);
        return;
    }
    if (err) {
        struct error told = *err;
        error_prefix(&told, "%s%s%s", item->change->job, of, what);
        session_fail(&a->s, &told);
        return;
    }
    struct buf diff = BUF_INIT;
    mpijob_diff_write(result->diff, a->colour, &diff);
    if (result->changed)
        printf("%s%s%s %s  (%s)\n%s  %s: %s\n", item->change->job, of, what,
               a->s.options.dry_run ? "would be changed" : "changed", item->change->policy, diff.ptr ? diff.ptr : "",
               mpijob_effect_name(result->effect), result->why);
    else
        printf("%s%s%s unchanged: %s\n", item->change->job, of, what, result->why);
    buf_free(&diff);
}

void apply_print_end(struct apply *a)
{
    if (as_json(a)) {
        json_write_end(&a->w);
        json_write_key(&a->w, "run");
        json_write_int(&a->w, a->run);
        json_member_int(&a->w, "changed", (int64_t)a->changed);
        json_member_int(&a->w, "already", (int64_t)a->already);
        json_member_int(&a->w, "left", (int64_t)a->left);
        json_member_int(&a->w, "failed", (int64_t)a->failed);
        json_member_int(&a->w, "files_moved", (int64_t)a->files_moved);
        json_write_end(&a->w);
        puts(a->json.ptr ? a->json.ptr : "{}");
        return;
    }
    printf("%zu %s, %zu already as planned, %zu left, %zu failed\n", a->changed,
           a->s.options.dry_run ? "would be changed" : "changed", a->already, a->left, a->failed);
    if (a->run)
        printf("this is run %" PRId64 "; mpijobd undo %" PRId64 " takes it back\n", a->run, a->run);
    fflush(stdout);
}
