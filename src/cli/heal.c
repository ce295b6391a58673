/* SPDX-License-Identifier: Apache-2.0 */
/* The safe edits of a job's findings, collected, shown as a plan, and made: one replacement a job. */
#include "cli/heal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"

#define CONCURRENCY 8

struct patient {
    const struct found_job *job;
    struct heal *heal;
    struct mpijob_cure_edit *edits;
    size_t count;
    int64_t findings;
    bool torn; /* two findings want different values in one place: the job is left alone */
    char key[520];
};

/* ---- collecting ---- */

static struct patient *patient_of(struct heal *heal, const struct found_job *job)
{
    const struct mpijob_view *v = &job->view;
    if (heal->count && heal->items[heal->count - 1].job == job)
        return &heal->items[heal->count - 1];
    struct patient *items = grown(heal->items, heal->count, &heal->cap, sizeof *items, 16);
    if (!items)
        return NULL;
    heal->items = items;
    struct patient *p = &heal->items[heal->count++];
    *p = (struct patient){.job = job, .heal = heal};
    snprintf(p->key, sizeof p->key, "%.*s/%.*s", (int)v->name_space.len, v->name_space.ptr, (int)v->name.len,
             v->name.ptr);
    return p;
}

/* There is room for it. Two findings may ask for the same edit; where they contradict each other, a person has to
 * decide. */
static void add_edit(struct patient *p, const struct mpijob_cure_edit *edit)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->edits[i].pointer, edit->pointer) != 0)
            continue;
        p->torn = p->torn || strcmp(p->edits[i].raw, edit->raw) != 0;
        return;
    }
    p->edits[p->count++] = *edit;
}

void heal_add(struct heal *heal, const struct found_job *job, const struct mpijob_finding *f)
{
    struct patient *p = patient_of(heal, job);
    struct mpijob_cure_edit *edits = p ? realloc(p->edits, (p->count + f->edit_count) * sizeof *edits) : NULL;
    if (!edits) {
        heal->short_of_memory = true;
        return;
    }
    p->edits = edits;
    for (size_t i = 0; i < f->edit_count; i++)
        add_edit(p, &f->edits[i]);
    p->findings++;
}

/* ---- the plan ---- */

static void plan_job(const struct patient *p)
{
    printf("%s%s\n", p->key, p->torn ? ": left alone, because its findings contradict each other" : "");
    for (size_t i = 0; i < p->count && !p->torn; i++) {
        const struct mpijob_cure_edit *e = &p->edits[i];
        char path[FINDING_POINTER];
        struct json before = mpijob_value_at(p->job->view.object, e->pointer);
        int len = before.text.len > 60 ? 60 : (int)before.text.len;
        printf("%c %s: %.*s%s%s\n",
               !len       ? '+'
               : !*e->raw ? '-'
                          : ' ',
               mpijob_finding_path(e->pointer, path), len, len ? before.text.ptr : "", len && *e->raw ? " -> " : "",
               e->raw);
    }
}

static void plan(const struct heal *heal)
{
    if (!heal->count) {
        puts("\nNothing that is safe to change unasked.");
        return;
    }
    puts("\nPlan:");
    for (size_t i = 0; i < heal->count; i++)
        plan_job(&heal->items[i]);
    putchar('\n');
}

/* ---- carrying it out ---- */

static void tell_json(struct heal *heal, const struct patient *p, const struct error *err)
{
    json_write_object(heal->w);
    json_write_key(heal->w, "job");
    json_write_string(heal->w, p->key);
    json_write_key(heal->w, "changed");
    json_write_bool(heal->w, !err && !heal->s->options.dry_run);
    if (err) {
        json_write_key(heal->w, "reason");
        json_write_string(heal->w, err->reason);
        json_write_key(heal->w, "error");
        json_write_string(heal->w, err->message);
    }
    json_write_end(heal->w);
}

static void start_more(struct heal *heal);

static void job_done(void *data, const struct change_result *result, const struct error *err)
{
    struct patient *p = data;
    struct heal *heal = p->heal;
    (void)result;
    heal->done += !err;
    heal->failed += err != NULL;
    if (!err && !heal->s->options.dry_run)
        heal->healed += p->findings;
    if (heal->w)
        tell_json(heal, p, err);
    else if (err)
        session_fail(heal->s, err);
    else
        printf("%s %s\n", p->key, heal->s->options.dry_run ? "would be replaced (dry run)" : "replaced");
    heal->active--;
    start_more(heal);
}

/* The object as it was inspected, with its resourceVersion: where it was changed since, the server answers 409. Then
 * the job has to be inspected again, because it may not have these problems any more. */
static int start_one(struct heal *heal, struct patient *p, struct error *err)
{
    char name_space[256], name[256];
    const struct mpijob_view *v = &p->job->view;
    struct json_edits edits = {0};
    struct buf whole = BUF_INIT;
    struct change *change;
    struct mpijob_target target = {.kind = v->target.kind};
    for (size_t i = 0; i < p->count; i++) {
        if (*p->edits[i].raw)
            json_edit_set(&edits, p->edits[i].pointer, str_of(p->edits[i].raw));
        else
            json_edit_remove(&edits, p->edits[i].pointer);
    }
    snprintf(name_space, sizeof name_space, "%.*s", (int)v->name_space.len, v->name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)v->name.len, v->name.ptr);
    int rc = json_edit_apply(&edits, v->object, &whole, err);
    bool dry_run = heal->s->options.dry_run;
    struct change_call call = {
        .verb = CHANGE_REPLACE,
        .job = &target,
        .kind = mpijob_kind_info(target.kind)->name,
        .name_space = name_space,
        .name = name,
        .body = buf_str(&whole),
        .mends = true,
        .dry_run = dry_run,
        .server_dry_run = dry_run,
        .done = job_done,
        .data = p,
    };
    if (!rc)
        rc = change_start(&heal->site, &call, &change, err);
    json_edits_free(&edits);
    buf_free(&whole);
    return rc;
}

static void start_more(struct heal *heal)
{
    while (heal->active < CONCURRENCY && heal->at < heal->count) {
        struct patient *p = &heal->items[heal->at++];
        struct error err;
        if (p->torn)
            continue;
        heal->active++;
        if (start_one(heal, p, &err)) {
            heal->active--;
            heal->failed++;
            if (heal->w)
                tell_json(heal, p, &err);
            else
                session_fail(heal->s, (error_prefix(&err, "%s", p->key), &err));
        }
    }
    if (!heal->active && heal->at >= heal->count)
        heal->s->flag = true;
}

int heal_run(struct heal *heal, struct session *s, struct json_writer *w)
{
    heal->s = s;
    heal->w = w;
    heal->site = session_site(s);
    if (heal->short_of_memory) {
        error_nomem(&s->error);
        return session_fail(s, &s->error);
    }
    if (w) {
        json_write_key(w, "changes");
        json_write_array(w);
    } else {
        plan(heal);
        fflush(stdout); /* the plan is printed before anything is changed */
    }
    session_events(s, &heal->site);
    start_more(heal);
    if (heal->active)
        session_wait(s);
    s->flag = false;
    session_events_end(s, &heal->site);
    if (w)
        json_write_end(w);
    else if (heal->count)
        printf("%lld of %zu jobs %s, %lld failed\n", (long long)heal->done, heal->count,
               s->options.dry_run ? "would be changed" : "changed", (long long)heal->failed);
    return 0;
}

void heal_free(struct heal *heal)
{
    for (size_t i = 0; i < heal->count; i++)
        free(heal->items[i].edits);
    free(heal->items);
    *heal = (struct heal){0};
}
