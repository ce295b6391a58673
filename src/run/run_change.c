/* SPDX-License-Identifier: Apache-2.0 */
/* Between a change and its run: the gate, which asks what bounds the run (bounds.h), and the accounting of what becomes
 * of the change. */
#include "run/run_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "change/write.h"
#include "run/blamed.h"
#include "run/bounds.h"
#include "run/propose.h"
#include "run/run_canary.h"
#include "run/run_record.h"
#include "run/runs.h"
#include "site/counters.h"

struct run_change {
    struct run *run;
    struct change *change;
    enum change_verb verb;
    change_done done; /* NULL: detached */
    void *data;
    bool ours;    /* it is of a kind of job */
    bool dry_run; /* of the change or of the run */
    bool look;    /* the script asked for a dry run, to see what the change would do */
    bool kept;    /* in the plan of a run that waits for approval */
    bool waits;   /* it is in such a plan already */
    bool granted; /* it counts as one of the run's changes */
    bool told;    /* that it is in a loop was logged already */
    const struct mpijob_kind *kind;
    struct rate_wait pace;     /* its write waits for its turn */
    struct gate_wait *at_gate; /* meanwhile; the change's */
    char uid[64];              /* of the job, once its write may leave; "": not yet, or another kind of object */
    char key[600];             /* "train/bert", "jobs.batch train/bert-launcher" */
    struct run_change *prev, *next;
};

static const char *told_as(const struct run_change *c, char out[POLICY_KINDS_JOB])
{
    return c->ours ? policy_kinds_job(&c->run->policy->kinds, c->kind, c->key, out) : c->key;
}

/* ---- the gate ---- */

/* Can the change be a step of a loop of policies? A change of a job that exists can. */
static bool may_loop(const struct run_change *c, const struct change_intent *intent)
{
    return intent->view && c->verb != CHANGE_DELETE && !c->dry_run;
}

static struct loop_write loop_write(const struct run_change *c, struct str uid, const char *looked_at,
                                    const struct mpijob_diff *diff)
{
    return (struct loop_write){.policy = c->run->policy->name,
                               .uid = uid,
                               .job = c->key,
                               .diff = diff,
                               .seen = str_of(looked_at),
                               .now = clock_now(c->run->site->clock)};
}

/* May the run make one more change? ERR_LIMIT ends the run. */
static int grant(struct run_change *c, struct error *err)
{
    struct run *run = c->run;
    if (run->stopping)
        return error_set(err, ERR_CANCELLED, "the run is being stopped");
    if (c->granted || c->look || run_looks(run)) /* another try after a conflict; or it only looks */
        return 0;
    bool over = run->grant_max >= 0 && run->granted >= run->grant_max;
    if ((!over && run_proposes(run)) || (over && run_propose_over_limit(run))) {
        run->granted++; /* nothing is taken of the ceiling before it is written */
        return 0;
    }
    int rc = run_bounds_grant(run, err);
    c->granted = rc == 0;
    return rc;
}

static void waits_no_more(struct gate_wait *wait)
{
    struct run_change *c = wait->data;
    rate_leave(&c->pace);
}

/* The write leaves, or the run has been stopped while it waited for that. */
static void leave(struct rate_wait *pace)
{
    struct run_change *c = (struct run_change *)((char *)pace - offsetof(struct run_change, pace));
    struct error err;
    bool stopped = c->run->stopping;
    if (stopped)
        error_set(&err, ERR_CANCELLED, "the run is being stopped");
    gate_answer(c->at_gate, stopped ? &err : NULL);
}

/* It is not written, but kept for those who approve. */
static int propose(struct run_change *c, struct gate_wait *wait, const struct change_intent *intent, struct error *err)
{
    c->waits = run_waits(c->run, intent);
    if (c->waits)
        return error_set(err, ERR_CANCELLED, "it waits for approval already");
    c->kept = wait->kept = true;
    char name[POLICY_KINDS_JOB];
    return run_propose(c->run, c->key, told_as(c, name), intent, err);
}

static void gate(void *data, struct gate_wait *wait, const struct change_intent *intent)
{
    struct run_change *c = data;
    struct loops *loops = &c->run->runs->loops;
    char name[POLICY_KINDS_JOB];
    struct error err;
    int rc = 0;
    if (c->run->feed && may_loop(c, intent)) {
        struct loop_write write = loop_write(c, str_of(intent->uid), intent->looked_at, intent->diff);
        rc = loops_check(loops, &write, &c->told, &err);
    }
    if (!rc)
        rc = grant(c, &err);
    if (!rc && c->run->dry_run && !c->look && c->run->runs->planned)
        c->run->runs->planned(c->run->runs->data, c->run, told_as(c, name), intent->change);
    if (!rc && run_proposes(c->run) && !c->dry_run)
        rc = propose(c, wait, intent, &err);
    if (!rc && may_loop(c, intent) && !*c->uid && !c->kept) { /* from now on the watch may show the write */
        snprintf(c->uid, sizeof c->uid, "%s", intent->uid);
        loops_begin(loops, str_of(c->uid));
    }
    c->at_gate = wait;
    wait->data = c;
    wait->cancel = waits_no_more;
    if (rc || c->dry_run || c->kept || run_bounds_pace(c->run, &c->pace))
        gate_answer(wait, rc ? &err : NULL);
}

void run_changes_hold_back(struct run *run)
{
    struct run_change *c, *next;
    DL_FOREACH_SAFE(run->changes, c, next)
    {
        if (!c->pace.rate)
            continue;
        rate_leave(&c->pace);
        leave(&c->pace);
    }
}

/* ---- log, counters, and what else hears of it ---- */

static void log_change(const struct run_change *c, const struct change_result *result, const struct error *err)
{
    static const char *const done[] = {"replaced", "patched", "replaced", "created", "deleted"};
    static const char *const would[] = {"would replace", "would patch", "would replace", "would create",
                                        "would delete"};
    static const char *const failed[] = {"not replaced", "not patched", "not replaced", "not created", "not deleted"};
    const struct run *run = c->run;
    bool replaces = c->verb == CHANGE_FIELDS || c->verb == CHANGE_REPLACE;
    const char *what = c->ours && replaces ? "job" : "object";
    const char *kind = c->ours && run->policy->kinds.count > 1 ? mpijob_kind_info(c->kind)->name : NULL;
    struct buf diff = BUF_INIT, child = BUF_INIT, lines = BUF_INIT, child_lines = BUF_INIT;
    char seen[640];
    effect_seen_text(result->seen, result->after_ms, result->seen_note, seen, sizeof seen);
    if (result->diff->count) {
        mpijob_diff_json(result->diff, &diff);
        mpijob_diff_write(result->diff, false, &lines);
    }
    if (result->child->count) {
        mpijob_diff_json(result->child, &child);
        buf_printf(&child_lines, "its %s:\n", result->child_told);
        mpijob_diff_write(result->child, false, &child_lines);
    }
    if (err)
        run_event(run, LOG_ERROR, result->changed ? "replaced in part" : failed[c->verb],
                  LOG_FIELDS({what, c->key}, {"kind", kind},
                             LOG_LINES_FIELD("diff", result->changed ? diff.ptr : NULL, lines.ptr),
                             {"reason", err->reason}, {"error", err->message}));
    else
        run_event(run, LOG_INFO, c->kept ? "waits for approval" : (result->dry_run ? would : done)[c->verb],
                  LOG_FIELDS({what, c->key}, {"kind", kind}, LOG_LINES_FIELD("diff", diff.ptr, lines.ptr),
                             LOG_LINES_FIELD(result->child_called, child.ptr, child_lines.ptr),
                             {"effect", mpijob_effect_name(result->effect)}, {"why", result->why},
                             {"effect_seen", *seen ? seen : NULL},
                             {"resourceVersion",
                              result->dry_run || !*result->resource_version ? NULL : result->resource_version}));
    buf_free(&diff);
    buf_free(&child);
    buf_free(&lines);
    buf_free(&child_lines);
}

static void count(const struct run *run, const struct change_result *result, const struct error *err)
{
    struct counters *counters = run->site->counters;
    if (result->dry_run)
        return;
    if (err)
        counters_replace_failed(counters, run->policy->name, err->reason);
    if (err && result->changed) /* the verdict was on both parts */
        counters_replaced(counters, run->policy->name, mpijob_effect_name(EFFECT_UNKNOWN), 0);
    else if (!err)
        counters_replaced(counters, run->policy->name, mpijob_effect_name(result->effect),
                          change_gpus_released(result));
}

/* Before anything else acts on a write, the cache, the detection of loops and the journal of effects hear of it. */
static void tell_written(const struct run_change *c, const struct change_result *result)
{
    struct runs *runs = c->run->runs;
    const struct site *site = runs->site;
    struct json root;
    if (!c->ours)
        return;
    if (c->verb != CHANGE_DELETE && result->diff->count && *c->uid) {
        struct loop_write write = loop_write(c, str_of(c->uid), result->looked_at, result->diff);
        loops_wrote(&runs->loops, &write, c->run->feed != NULL, str_of(result->resource_version));
    }
    /* A command that ends with its runs does not live to see effects that come later. */
    if (!runs->effects && site->journal && !site->once && !site->stopping)
        runs->effects = effect_journal_new(site, runs->effect, runs->data);
    if (runs->effects && !site->stopping)
        if (effect_journal_add(runs->effects, c->run->policy->name, c->run->id, result,
                               run_canary_keeps(site, c->run->policy)))
            run_canary_await(site, c->run->policy);
    if (c->verb != CHANGE_DELETE && json_parse(result->object, "the answer", &root, NULL) == 0)
        watches_offer(runs->watches, c->kind, root);
}

/* ---- the end ---- */

/* Says what became of a job that the run was given. Where only its launcher was changed, the job counts as unchanged:
 * its own intent, with which a `handled` row would have been written, does not exist. */
static void settle(const struct run_change *c, const struct change_result *result, const struct error *err)
{
    bool written = result->changed && result->diff->count;
    /* Only what follows has failed; or it may be made, and is not to be made twice: where it was not, the next start,
     * which looks up what is in flight, takes the row of the job back. */
    bool made = err && ((err->code == ERR_NOMEM && result->written) || result->unknown);
    if (c->waits) {
        run_settle(c->run, c->key, JOB_LEFT, str_of(result->looked_at), NULL, NULL);
        return;
    }
    if (err && (err->code == ERR_CANCELLED || err->code == ERR_LIMIT))
        return; /* nothing became of it: it shares the run's outcome */
    run_settle(c->run, c->key,
               made      ? JOB_DONE
               : err     ? JOB_FAILED
               : written ? JOB_DONE
                         : JOB_UNCHANGED,
               str_of(*result->looked_at ? result->looked_at : result->resource_version), result, err);
}

/* Is the write itself to blame, and not the connection, the server's load or the disk? */
static bool refused(const struct error *err)
{
    return !err->retryable && err->status != 401 &&
           (err->code == ERR_HTTP || err->code == ERR_DROPPED || err->code == ERR_INVALID ||
            err->code == ERR_NOT_FOUND || err->code == ERR_CONFLICT);
}

static bool excused(const struct error *err)
{
    return err->retryable || err->status == 401 /* we are not known any more, whatever the policy */ ||
           err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT || err->code == ERR_IO || err->code == ERR_NOMEM;
}

/* Without memory for it the job is not named. */
static void blame(struct run *run, const struct change_result *result)
{
    if (!run->blamed)
        run->blamed = calloc(1, sizeof *run->blamed);
    if (run->blamed && result->before)
        blamed_set(run->blamed, result->before);
}

static void over(void *data, const struct change_result *result, const struct error *err)
{
    struct run_change *c = data;
    struct run *run = c->run;
    /* The caller computes its changes again, and then starts another change. */
    bool again = result->again && c->done;
    run_record_change(run, c->verb, c->key, again, result, err);
    bool maybe = err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT); /* the server may have done it */
    if (c->granted && (again || !(result->changed || result->written || maybe)))
        run_bounds_return(run, again);
    if (!c->look && !again) {
        run->unchanged += !err && !result->changed;
        run->changed += result->changed && !c->kept; /* with an error too: the job was, its launcher was not */
        run->failed += err && err->code != ERR_CANCELLED && err->code != ERR_LIMIT;
        run->refused += err && !result->dry_run && refused(err);
        if (err && err->code != ERR_CANCELLED && err->code != ERR_LIMIT && !excused(err))
            blame(run, result);
        run->excused += err && err->code != ERR_CANCELLED && err->code != ERR_LIMIT && excused(err);
    }
    if (!again && (err || result->changed) && !c->told && (!err || result->changed || err->code != ERR_CANCELLED))
        log_change(c, result, err);
    if (result->written || (!err && result->changed && !result->dry_run))
        tell_written(c, result);
    if (*c->uid)
        loops_end(&run->runs->loops, str_of(c->uid));
    if (!again && run->sweep && !(c->kept && !err))
        settle(c, result, err);
    if (!again && (err || result->changed) && !c->waits)
        count(run, result, err);
    if (!again && !c->look && run->runs->observe)
        run->runs->observe(run->runs->data, run, c->key, result, err);
    DL_DELETE(run->changes, c);
    run->active--;
    if (c->done)
        c->done(c->data, result, err);
    free(c);
    run_check_end(run);
}

/* ---- the start ---- */

int run_change_start(struct run *run, struct change_call *call, struct run_change **out, struct error *err)
{
    char resource[WRITE_RESOURCE_MAX];
    if (run->reads_only) /* the modules say it better, and before */
        return error_set(err, ERR_REFUSED, "this run only reads");
    struct run_change *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    *c = (struct run_change){.run = run,
                             .verb = call->splices ? CHANGE_REPLACE : call->verb,
                             .done = call->done,
                             .data = call->data,
                             .ours = call->job != NULL,
                             .look = call->dry_run,
                             .dry_run = call->dry_run || run->dry_run,
                             .pace = {.go = leave},
                             .kind = call->job ? call->job->kind : KIND_MPIJOB};
    snprintf(c->key, sizeof c->key, "%s%s%s%s%s", c->ours ? "" : write_resource_name(&call->resource, resource),
             c->ours ? "" : " ", call->name_space ? call->name_space : "", call->name_space ? "/" : "", call->name);
    const struct policy *p = run->policy;
    struct change_call inner = *call;
    struct buf mark = BUF_INIT;
    inner.dry_run = c->dry_run;
    inner.destructive = call->destructive || p->destructive;
    if (call->verb == CHANGE_FIELDS || call->verb == CHANGE_REPLACE)
        inner.wait_effect_ms = call->wait_effect_ms ? call->wait_effect_ms : (uint64_t)(p->wait_effect / 1000);
    inner.through_child = call->through_child || p->through_child != NULL;
    inner.run = run->id;
    inner.policy = p->name;
    inner.traceparent = run->trace.text;
    inner.awaited = *run->asked_by;
    inner.about = p->about;
    inner.quiet = p->quiet || run_warns(run); /* a warning says itself what it is */
    inner.who = &run->who;
    bool marked = run->feed && run->sweep && !c->dry_run && run->feed->mark(run->feed->data, c->key, &mark);
    if (mark.failed) { /* a change without its mark would be made twice */
        buf_free(&mark);
        free(c);
        return error_nomem(err);
    }
    if (marked) {
        inner.handled_key = run->feed->key;
        inner.handled_value = mark.ptr;
    }
    inner.gate = gate;
    inner.done = over;
    inner.data = c;
    int rc = change_start(run->site, &inner, &c->change, err);
    buf_free(&mark);
    if (rc) {
        free(c);
        return rc;
    }
    DL_APPEND(run->changes, c);
    run->active++;
    *out = c;
    return 0;
}

void run_change_detach(struct run_change *c)
{
    c->done = NULL;
    change_cancel(c->change);
}

void run_changes_stop_waiting(struct run *run)
{
    struct run_change *c, *next;
    DL_FOREACH_SAFE(run->changes, c, next)
    {
        change_stop_waiting(c->change);
    }
}

void run_changes_abandon(struct run *run)
{
    struct run_change *c, *next;
    DL_FOREACH_SAFE(run->changes, c, next)
    {
        change_abandon(c->change);
    }
}
