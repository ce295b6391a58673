/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of a halt: of the job's fields, or of its Workload. */
#include <stdio.h>

#include "halt/halt_parts.h"
#include "json/write.h"

/* ---- what came of one ---- */

/* "MPIJob train/bert" */
static void object_name(const struct halt *h, bool workload, struct buf *out)
{
    const struct str name = workload ? h->workload.read.name : h->view.name;
    buf_printf(out, "%s %s/%.*s", workload ? "Workload" : mpijob_kind_info(h->call.kind)->name, h->call.name_space,
               (int)name.len, name.ptr);
}

static void note_change(struct halt *h, bool workload, const struct mpijob_diff *diff)
{
    struct buf name = BUF_INIT, text = BUF_INIT;
    struct json list;
    struct json_writer w;
    if (!diff->count)
        return;
    object_name(h, workload, &name);
    mpijob_diff_json(diff, &text);
    buf_putc(&h->made, h->made.len ? ',' : '[');
    json_writer_init(&w, &h->made);
    json_write_object(&w);
    json_write_key(&w, "object");
    json_write_string(&w, name.ptr ? name.ptr : "");
    if (json_parse(buf_str(&text), "", &list, NULL) == 0) {
        json_write_key(&w, "diff");
        json_write_raw(&w, list);
    }
    json_write_end(&w);
    buf_printf(&h->lines, "%s\n", name.ptr ? name.ptr : "");
    mpijob_diff_write(diff, false, &h->lines);
    h->made.failed = h->made.failed || name.failed || text.failed;
    buf_free(&name);
    buf_free(&text);
}

static void say_policy(struct halt *h)
{
    if (h->policy && !h->call.resumes)
        buf_puts(&h->message, "; cleanPodPolicy is All until it is resumed, as with Running a worker that has ended "
                              "would not be made again");
}

/* The lever's own verdict is the answer; the steps around it are told where they fail. */
static void stepped(void *data, const struct change_result *result, const struct error *err)
{
    struct halt *h = data;
    enum halt_step step = h->steps[h->at - 1];
    struct error told;
    h->change = NULL;
    h->changed = h->changed || result->changed;
    h->dry_run = h->dry_run || result->dry_run;
    note_change(h, step == STEP_LEVER && h->lever == HALT_WORKLOAD, result->diff);
    if (h->dry_run && step == STEP_LEVER && h->lever == HALT_SUSPEND) {
        buf_reset(&h->planned);
        buf_add_str(&h->planned, result->object);
    }
    if (step == STEP_LEVER && !err) {
        h->effect = result->effect;
        buf_puts(&h->message, result->why);
        say_policy(h);
    }
    if (err && step == STEP_RESTORE) { /* it goes on all the same */
        buf_printf(&h->message, "; cleanPodPolicy could not be put back, and is All: %s", err->message);
        halt_next(h);
        return;
    }
    if (!err) {
        h->written = true;
        halt_next(h);
        return;
    }
    told = *err;
    if (h->written)
        error_append(&told, "; its cleanPodPolicy was set to All before that");
    halt_finish(h, &told);
}

/* ---- the changes ---- */

static int start(struct halt *h, struct change_call *call, struct error *err)
{
    call->dry_run = h->call.dry_run;
    call->done = stepped;
    call->data = h;
    return h->call.writer.start(h->call.writer.data, call, &h->change, err);
}

static int change_fields(struct halt *h, struct mpijob_changes *changes, bool stops, struct error *err)
{
    struct change_call call = {
        .verb = CHANGE_FIELDS,
        .job = &h->view.target,
        .kind = mpijob_kind_info(h->call.kind)->name,
        .name_space = h->call.name_space,
        .name = h->call.name,
        .object = h->written ? (struct str){0} : h->view.object.text,
        .changes = changes,
        .stops = stops,
    };
    return start(h, &call, err);
}

static int change_workload(struct halt *h, struct error *err)
{
    char name[MPIJOB_NAME_MAX + 1];
    struct change_call call = {
        .verb = CHANGE_PATCH,
        .resource = halt_workload_resource(h),
        .kind = "Workload",
        .name_space = h->call.name_space,
        .name = name,
        .object = buf_str(&h->workload.bytes),
        .body = str_of(h->call.resumes ? "{\"spec\":{\"active\":true}}" : "{\"spec\":{\"active\":false}}"),
        .stops = true,
    };
    snprintf(name, sizeof name, "%.*s", (int)h->workload.read.name.len, h->workload.read.name.ptr);
    return start(h, &call, err);
}

static int set_policy_all(struct mpijob_changes *changes, struct error *err)
{
    struct str running = str_of("Running");
    int rc = mpijob_changes_set(changes, "cleanPodPolicy", str_of("\"All\""), err);
    return rc ? rc : mpijob_changes_map(changes, CHANGE_ANNOTATIONS, str_of(HALT_POLICY_ANNOTATION), &running, err);
}

/* No other policy was chosen since. */
static bool is_ours(const struct halt *h)
{
    return json_string_is(json_get(h->view.annotations, HALT_POLICY_ANNOTATION), str_of("Running")) &&
           json_string_is(mpijob_field_value(h->view.object, FIELD_CLEAN_POD_POLICY, h->view.target), str_of("All"));
}

/* As the annotation says. */
static int put_policy_back(const struct halt *h, struct mpijob_changes *changes, struct error *err)
{
    int rc = mpijob_changes_map(changes, CHANGE_ANNOTATIONS, str_of(HALT_POLICY_ANNOTATION), NULL, err);
    if (!rc && (h->policy || is_ours(h)))
        rc = mpijob_changes_set(changes, "cleanPodPolicy", str_of("\"Running\""), err);
    return rc;
}

/* In a plan: the object may be at another version when it is made. */
static int plan_policy_back(struct halt *h, struct error *err)
{
    struct change_call call = {
        .verb = CHANGE_PATCH,
        .job = &h->view.target,
        .resource = *cluster_resource(h->call.site->cluster, h->call.kind),
        .kind = mpijob_kind_info(h->call.kind)->name,
        .name_space = h->call.name_space,
        .name = h->call.name,
        .object = h->planned.len ? buf_str(&h->planned) : h->view.object.text,
        .body = str_of(h->policy || is_ours(h) ? HALT_POLICY_BACK : HALT_NOTE_GONE),
        .splices = true,
        .follows = true,
    };
    return start(h, &call, err);
}

static int fill(const struct halt *h, enum halt_step step, struct mpijob_changes *changes, struct error *err)
{
    if (step == STEP_RESTORE)
        return put_policy_back(h, changes, err);
    int rc = h->policy ? set_policy_all(changes, err) : 0;
    if (!rc && step == STEP_LEVER)
        rc = mpijob_changes_set(changes, "suspend", str_of(h->call.resumes ? "false" : "true"), err);
    return rc;
}

/* A stop has to be known to work. What the job was told a moment ago may not show in its status yet, and of that state
 * no experiment tells anything: then it is sent all the same, as a resumption is, which ends nothing. */
static bool has_to_work(const struct halt *h)
{
    return !h->call.resumes && h->view.phase != PHASE_SUSPENDED;
}

int halt_make(struct halt *h, enum halt_step step, struct error *err)
{
    struct mpijob_changes changes = {.kind = h->call.kind};
    bool lever = step == STEP_LEVER;
    if (lever && h->lever == HALT_WORKLOAD)
        return change_workload(h, err);
    if (step == STEP_RESTORE && h->dry_run)
        return plan_policy_back(h, err);
    int rc = fill(h, step, &changes, err);
    if (!rc)
        rc = change_fields(h, &changes, lever && has_to_work(h), err);
    mpijob_changes_free(&changes);
    return rc;
}
