/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has changed is taken back by the daemon: worked out as a plan, which is shown, waits for approval where
 * that is asked for, or is made at once. The journal is read on another thread; nothing blocks. An undo that is begun
 * goes on where its asker goes away. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/making.h"
#include "control/verbs/parts.h"
#include "control/verbs/undo_limits.h"
#include "engine/engine.h"
#include "jobs/scope_count.h"
#include "store/store.h"
#include "undo/undo.h"

#define UNDER_WAY 2                             /* more are refused: each holds its objects whole */
#define OBJECTS_BYTES ((size_t)2 * 1024 * 1024) /* of the answer; of further objects only the number is told */

struct undoing {
    struct person person;
    struct work reading;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    char job[520], name_space[256];
    bool dry_run, override, propose; /* propose: it is for the asker to make, where it need not wait */
    bool frozen, looked, waits, opened;
    struct approver who;
    struct engine_undo_terms terms;
    struct policy_set *set; /* a reference, which keeps terms.entry; NULL: no policy */
    struct runs_guest guest;
    struct undo undo;
    struct plan plan;
    struct plan_counts counts;
    struct error error;        /* of the reading; code 0: there was none */
    struct scope_count *count; /* of the jobs; NULL: they are not being counted */
    int64_t jobs;              /* in the policy's scope; -1: not counted */
    struct buf objects;
    struct json_writer w;
    int64_t untold;
    char message[96];
};

static void asker_gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct undoing *)data)->request = NULL;
}

static void release(struct undoing *u)
{
    struct verbs *v = u->verbs;
    struct site *site = u->opened ? u->terms.runs->site : NULL;
    if (site)
        runs_part(u->terms.runs, &u->guest);
    if (u->set)
        policy_set_release(u->set);
    undo_free(&u->undo);
    plan_free(&u->plan);
    buf_free(&u->objects);
    free(u);
    v->undoes--;
    verbs_release(v);
    if (site)
        site_closed(site);
}

static void fail(struct undoing *u, const struct error *err)
{
    if (u->request)
        control_fail(u->request, err);
    release(u);
}

/* ---- the answer ---- */

static struct undo_much much(const struct undoing *u, int64_t objects)
{
    return (struct undo_much){u->terms.runs, u->terms.entry, objects, u->jobs};
}

static void write_head(const struct undoing *u, struct json_writer *w)
{
    const struct undo_much m = much(u, undo_wanted(&u->undo));
    json_write_object(w);
    write_number(w, "run", u->undo.number);
    write_text(w, "policy", u->undo.policy);
    write_text(w, "cluster", u->undo.cluster);
    json_write_key(w, "waits");
    json_write_bool(w, u->waits);
    write_text(w, "because", u->waits ? u->terms.asks ? u->terms.asks : undo_over_which(&m) : NULL);
    undo_write_limits(&m, w);
}

static void write_objects(struct undoing *u, struct json_writer *w)
{
    for (size_t i = 0; i < u->plan.left_count; i++) { /* they were told as if they could be */
        json_write_object(&u->w);
        write_text(&u->w, "object", u->plan.left[i].job);
        write_text(&u->w, "outcome", "left");
        write_text(&u->w, "left_because", u->plan.left[i].why);
        json_write_end(&u->w);
    }
    json_write_end(&u->w);
    json_write_key(w, "objects");
    json_write_raw(w, (struct json){u->objects.len && !u->objects.failed ? buf_str(&u->objects) : str_of("[]")});
    write_number(w, "more_objects", u->untold);
}

/* run: that waits, or was made; 0: none. result: of the making; NULL: nothing was made. */
static void answer(struct undoing *u, int64_t run, int64_t expires, const struct approval_result *result)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    if (u->request) {
        json_writer_init(&w, &out);
        write_head(u, &w);
        json_write_key(&w, "undo_run");
        if (run)
            json_write_int(&w, run);
        else
            json_write_null(&w);
        write_time(&w, "expires", expires);
        write_number(&w, "changes", (int64_t)u->counts.changes);
        write_number(&w, "destructive", (int64_t)u->counts.destructive);
        write_number(&w, "inert", (int64_t)u->counts.inert);
        write_number(&w, "back", result ? result->changed : 0);
        write_number(&w, "unchanged", u->undo.unchanged + (result ? result->already : 0));
        write_number(&w, "left", u->undo.left + (int64_t)u->plan.left_count + (result ? result->left : 0));
        write_number(&w, "failed", u->undo.failed + (result ? result->failed : 0));
        write_number(&w, "not_known", (int64_t)u->undo.skipped);
        write_objects(u, &w);
        answer_with(u->request, &w);
    }
    release(u);
}

/* ---- worked out ---- */

static void kept(void *data, int64_t run, int64_t expires, const struct error *err)
{
    if (err)
        fail(data, err);
    else
        answer(data, run, expires, NULL);
}

static void made(void *data, const struct approval_result *result, const struct error *err)
{
    if (err)
        fail(data, err);
    else
        answer(data, result->run, 0, result);
}

static void carry_out(struct undoing *u)
{
    struct verbs *v = u->verbs;
    struct error err;
    snprintf(u->message, sizeof u->message, "takes back run %" PRId64 "%s", u->undo.number,
             u->override ? ", with --override" : "");
    if (u->waits) {
        const struct approval_proposal p = {.site = u->terms.runs->site,
                                            .undoes = u->undo.number,
                                            .origin = u->undo.untraced ? NULL : u->undo.origin,
                                            .plan = &u->plan,
                                            .who = u->who,
                                            .quorum = u->terms.quorum,
                                            .expires = u->terms.expires,
                                            .unchanged = u->undo.unchanged + u->undo.left,
                                            .failed = u->undo.failed,
                                            .done = kept,
                                            .data = u};
        approvals_propose(engine_approvals(v->o.engine), &p);
        return;
    }
    struct making_call call = {.runs = u->terms.runs,
                               .plan = &u->plan,
                               .trigger = u->frozen ? "undo-override" : "undo",
                               .message = u->message,
                               .who = u->who,
                               .origin = u->undo.origin,
                               .speed = runs_speed(u->terms.runs, u->terms.entry),
                               .override = u->override,
                               .done = made,
                               .data = u};
    if (making_start(&call, &err))
        fail(u, &err);
}

/* All changes are in the plan. */
static void worked_out(struct undoing *u)
{
    struct error err;
    plan_sort(&u->plan);
    u->counts = plan_count(&u->plan);
    if (u->plan.failed || u->objects.failed)
        fail(u, (error_nomem(&err), &err));
    else if (u->undo.cancelled || u->verbs->closed)
        fail(u, (error_set(&err, ERR_CANCELLED, "the daemon is being stopped"), &err));
    else if (u->dry_run || !u->counts.changes)
        answer(u, 0, 0, NULL);
    else
        carry_out(u);
}

/* ---- how much ---- */

static int check_limits(struct undoing *u, struct error *err)
{
    const struct undo_much m = much(u, undo_wanted(&u->undo));
    bool over = undo_is_over(&m);
    u->waits = u->terms.asks || (u->terms.over_limits && over);
    if (u->override || u->dry_run || (u->propose && !u->waits))
        return 0;
    return undo_check(&m, u->waits, err);
}

/* All objects were looked at, or all changes are worked out. */
static void over(void *data)
{
    struct undoing *u = data;
    struct error err;
    if (u->looked) {
        worked_out(u);
        return;
    }
    u->looked = true;
    if (check_limits(u, &err))
        fail(u, &err);
    else if (u->propose && !u->waits)
        answer(u, 0, 0, NULL); /* it need not wait, and is the asker's to make */
    else
        undo_make_all(&u->undo);
}

static void told(void *data, struct undo_object *o, const struct change_result *result, const struct error *err)
{
    struct undoing *u = data;
    bool full = u->objects.len > OBJECTS_BYTES;
    u->untold += full;
    if (!full)
        undo_json(o, result, err, &u->w);
}

/* ---- the beginning ---- */

static void stop(struct runs_guest *guest)
{
    struct undoing *u = (struct undoing *)((char *)guest - offsetof(struct undoing, guest));
    undo_cancel(&u->undo);
    if (u->count)
        scope_count_cancel(u->count);
}

static void read_rows(struct work *work)
{
    struct undoing *u = (struct undoing *)((char *)work - offsetof(struct undoing, reading));
    if (undo_read(&u->undo, store_journal(u->verbs->o.store), &u->error) == 0)
        error_clear(&u->error);
}

/* May it be made here and now? */
static int check_place(struct undoing *u, const struct error *unreached, struct error *err)
{
    struct verbs *v = u->verbs;
    int rc = engine_leads(v->o.engine, err);
    if (!rc && !u->terms.runs) {
        *err = *unreached;
        rc = err->code;
    }
    if (!rc && !u->dry_run)
        rc = verbs_check_freeze(v, u->override, &u->frozen, err);
    if (!rc && !u->dry_run && u->terms.runs->site->dry_run)
        rc = error_set(err, ERR_REFUSED, "this daemon only tries (dry_run), and takes nothing back");
    if (!rc && u->terms.asks && !engine_approvals(v->o.engine))
        rc = error_set(err, ERR_REFUSED, "it has to wait for approval, and this daemon has no state in which it could");
    return rc;
}

static void counted(void *data, int64_t jobs, const struct error *why)
{
    struct undoing *u = data;
    struct error err;
    u->count = NULL;
    u->jobs = jobs;
    if (why) {
        err = *why;
        error_prefix(&err, "limits.percent of policy \"%s\" needs the number of its jobs", u->undo.origin);
        fail(u, &err);
    } else if (u->propose && !u->terms.asks && !u->terms.over_limits) {
        answer(u, 0, 0, NULL);
    } else {
        undo_look_all(&u->undo);
    }
}

static void was_read(struct work *work)
{
    struct undoing *u = (struct undoing *)((char *)work - offsetof(struct undoing, reading));
    struct verbs *v = u->verbs;
    struct error err, unreached;
    if (v->closed) {
        fail(u, (error_set(&err, ERR_CANCELLED, "the daemon is being stopped"), &err));
        return;
    }
    if (u->error.code || (!u->propose && undo_check_part(&u->undo, &u->error))) {
        fail(u, &u->error);
        return;
    }
    u->terms = engine_undo_terms(v->o.engine, strcmp(u->undo.policy, STORE_BY_HAND) == 0 ? 0 : u->undo.number,
                                 u->undo.untraced ? NULL : u->undo.origin, u->undo.cluster, &unreached);
    const struct policy_entry *entry = u->terms.entry;
    bool counts = entry && entry->policy->percent_max >= 0 && !u->override;
    if (entry)
        policy_set_hold(u->set = entry->file->set);
    bool elsewhere = u->terms.elsewhere && !u->override && !u->dry_run;
    if (u->propose && !u->terms.asks && !u->terms.over_limits && !counts && !elsewhere) {
        answer(u, 0, 0, NULL);
        return;
    }
    if (check_place(u, &unreached, &err)) {
        fail(u, &err);
        return;
    }
    struct runs *runs = u->terms.runs;
    u->undo.site = runs->site;
    u->undo.plan = &u->plan;
    u->undo.told = told;
    u->undo.over = over;
    u->undo.data = u;
    u->guest.stop = stop;
    u->opened = true;
    site_opened(runs->site);
    runs_invite(runs, &u->guest);
    if (!counts)
        undo_look_all(&u->undo);
    else if (scope_count_start(runs->site, runs->watches, entry, counted, u, &u->count, &err))
        fail(u, &err);
}

static void known(struct person *person)
{
    struct undoing *u = (struct undoing *)person;
    snprintf(u->who.name, sizeof u->who.name, "%s", person->name);
    u->who.uid = person->number;
    work_start(u->verbs->o.loop, &u->reading, read_rows, was_read);
}

static void read_args(struct undoing *u, struct json args)
{
    u->dry_run = json_is_true(json_get(args, "dry_run"));
    u->override = json_is_true(json_get(args, "override"));
    u->propose = json_is_true(json_get(args, "propose"));
    u->undo.destructive = json_is_true(json_get(args, "destructive"));
    u->undo.job_name = args_text(args, "job", u->job, sizeof u->job);
    u->undo.job_namespace = args_text(args, "namespace", u->name_space, sizeof u->name_space);
    char *slash = u->undo.job_name ? strchr(u->job, '/') : NULL;
    if (slash && !u->undo.job_namespace) { /* else no job has that name */
        *slash = '\0';
        u->undo.job_namespace = u->job;
        u->undo.job_name = slash + 1;
    }
    json_writer_init(&u->w, &u->objects);
    json_write_array(&u->w);
}

static void take_undo(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct undoing *u = v->state ? calloc(1, sizeof *u) : NULL;
    int rc = u ? 0 : v->state ? error_nomem(&err) : error_set(&err, ERR_IO, "this daemon has no journal");
    if (!rc && (!json_int64(json_get(args, "run"), &u->undo.number) || u->undo.number < 1))
        rc = error_set(&err, ERR_INVALID, "the args name the run, as {\"run\": 12}");
    if (!rc && v->undoes == UNDER_WAY)
        rc = error_set(&err, ERR_LIMIT, "%d others are being worked out now; ask again in a moment", UNDER_WAY);
    if (rc) {
        free(u);
        control_fail(r, &err);
        return;
    }
    read_args(u, args);
    u->jobs = -1;
    u->verbs = v;
    u->request = r;
    v->undoes++;
    verbs_hold(v);
    control_wait(r, asker_gone, u);
    person_look_up(v->o.loop, &u->person, r, known);
}

const struct control_verb undo_verbs[] = {
    {"undo", CONTROL_ACTS, take_undo},
    {NULL, CONTROL_READS, NULL},
};
