#include "run/run_replace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "mpijob/held_gpus.h"
#include "run/runs.h"
#include "site/counters.h"

struct run_op {
    struct run *run;
    struct replace *replace;
    replace_done done; /* NULL: detached */
    void *data;
    bool computed, dry_run, granted;
    bool told; /* that it is in a loop */
    enum mpijob_kind kind;
    char key[320];
    char uid[64]; /* of the job that its write is about, once it may leave; "": none */
    struct run_op *prev, *next;
};

static struct loop_write loop_write(const struct run_op *op, const struct mpijob_view *view,
                                    const struct mpijob_diff *diff)
{
    const struct run *run = op->run;
    return (struct loop_write){.policy = run->policy->name,
                               .uid = view->uid,
                               .job = op->key,
                               .diff = diff,
                               .seen = view->resource_version,
                               .now = clock_now(run->site->clock)};
}

/* From now on the watch may tell of the write. Asked once more for a conflict's next try. */
static void leaves(struct run_op *op, const struct mpijob_view *view)
{
    if (op->dry_run || !view || *op->uid || view->uid.len >= sizeof op->uid)
        return;
    memcpy(op->uid, view->uid.ptr, view->uid.len);
    op->uid[view->uid.len] = '\0';
    loops_begin(&op->run->runs->loops, view->uid);
}

static int gate(void *data, const struct mpijob_view *view, const struct mpijob_diff *diff, struct error *err)
{
    struct run_op *op = data;
    struct run *run = op->run;
    if (run->feed && view && !op->dry_run) {
        struct loop_write write = loop_write(op, view, diff);
        if (loops_check(&run->runs->loops, &write, &op->told, err))
            return ERR_REFUSED;
    }
    if (run->stopping)
        return error_set(err, ERR_CANCELLED, "the run is being stopped");
    if (op->granted || (op->dry_run && !run->dry_run)) { /* a conflict's next try; a look that the script asked for */
        leaves(op, view);
        return 0;
    }
    if (run->grant_max >= 0 && run->granted >= run->grant_max) {
        error_set(err, ERR_LIMIT, "the run has made its %" PRId64 " changes; raise limits.changes if more are meant",
                  run->grant_max);
        run_fail(run, RUN_LIMITED, err);
        return ERR_LIMIT;
    }
    op->granted = true;
    run->granted++;
    leaves(op, view);
    return 0;
}

static void log_change(const struct run_op *op, const struct replace_result *result, const struct error *err)
{
    const struct run *run = op->run;
    struct buf diff = BUF_INIT, launcher = BUF_INIT;
    char seen[640];
    effect_seen_text(result->seen, result->after_ms, result->seen_note, seen, sizeof seen);
    mpijob_diff_json(result->diff, &diff);
    if (result->launcher->count)
        mpijob_diff_json(result->launcher, &launcher);
    if (err)
        log_event(run->site->log, LOG_ERROR, "not replaced",
                  LOG_FIELDS({"policy", run->policy->name}, {"cluster", run->site->told}, {"job", op->key},
                             {"reason", err->reason}, {"message", err->message}));
    else
        log_event(run->site->log, LOG_INFO, result->dry_run ? "would replace" : "replaced",
                  LOG_FIELDS({"policy", run->policy->name}, {"cluster", run->site->told}, {"job", op->key},
                             {"diff", diff.ptr}, {"launcher", launcher.ptr},
                             {"effect", mpijob_effect_name(result->effect)}, {"why", result->why},
                             {"effect_seen", *seen ? seen : NULL},
                             {"resourceVersion", result->dry_run ? NULL : result->resource_version}));
    buf_free(&diff);
    buf_free(&launcher);
}

/* What came of a write is news for the cache and for the policies that wait for news, before anybody acts on it. */
static void tell_written(const struct run_op *op, const struct replace_result *result)
{
    struct runs *runs = op->run->runs;
    const struct site *site = runs->site;
    struct json root;
    if (result->before && result->diff->count) {
        struct loop_write write = loop_write(op, result->before, result->diff);
        loops_wrote(&runs->loops, &write, op->run->feed != NULL, str_of(result->resource_version));
    }
    /* A command that ends with its runs has nobody to see what comes later. */
    if (!runs->effects && site->store && !site->once && !site->stopping)
        runs->effects = effect_journal_new(site);
    if (runs->effects && !site->stopping)
        effect_journal_add(runs->effects, op->run->policy->name, result);
    if (json_parse(result->object, "the answer", &root, NULL) == 0)
        watches_offer(runs->watches, op->kind, root);
}

static void tell_feed(const struct run_op *op, const struct replace_result *result, const struct error *err)
{
    const struct run *run = op->run;
    /* Where only its launcher was changed there is no row of the job's own. */
    bool written = result->changed && result->diff->count;
    enum job_end end = err ? JOB_FAILED : written ? JOB_DONE : JOB_UNCHANGED;
    if (err && (err->code == ERR_CANCELLED || err->code == ERR_LIMIT))
        return; /* nothing became of it */
    struct str seen = result->before ? result->before->resource_version : str_of(result->resource_version);
    run->feed->settled(run->feed->data, op->key, end, seen, result, err);
}

/* What the job held before, where the replacement makes its controller clean up now. */
static int64_t released(const struct replace_result *result)
{
    struct mpijob_held_gpus held;
    bool policy = false;
    if (!result->before || !mpijob_phase_finished(result->before->phase) || result->effect != EFFECT_EFFECTIVE)
        return 0;
    for (size_t i = 0; i < result->diff->count; i++)
        policy = policy || result->diff->items[i].field == FIELD_CLEAN_POD_POLICY;
    return policy && mpijob_holds_gpus(result->before, NULL, &held) ? held.gpus : 0;
}

static void count(const struct run *run, const struct replace_result *result, const struct error *err)
{
    struct counters *counters = run->site->counters;
    if (result->dry_run)
        return;
    if (err)
        counters_replace_failed(counters, run->policy->name, err->reason);
    else
        counters_replaced(counters, run->policy->name, mpijob_effect_name(result->effect), released(result));
}

static void op_done(void *data, const struct replace_result *result, const struct error *err)
{
    struct run_op *op = data;
    struct run *run = op->run;
    /* The caller computes its changes anew and comes back with them. */
    bool again = err && err->code == ERR_CONFLICT && op->done && op->computed && result->object.len;
    if (again && op->granted)
        run->granted--;
    if (!err && !result->changed) {
        run->unchanged++;
    } else if (!again) {
        run->changed += !err;
        run->failed += err && err->code != ERR_CANCELLED && err->code != ERR_LIMIT;
        if (!op->told && (!err || err->code != ERR_CANCELLED))
            log_change(op, result, err);
    }
    if (!err && result->changed && !result->dry_run)
        tell_written(op, result);
    if (*op->uid)
        loops_end(&run->runs->loops, str_of(op->uid));
    if (!again && run->feed && run->sweep)
        tell_feed(op, result, err);
    if (!again && (err || result->changed))
        count(run, result, err);
    if (!again && run->runs->observe)
        run->runs->observe(run->runs->data, run, op->key, result, err);
    DL_DELETE(run->ops, op);
    run->active--;
    if (op->done)
        op->done(op->data, result, err);
    free(op);
    run_check_end(run);
}

int run_replace(struct run *run, struct replace_call *call, struct run_op **out, struct error *err)
{
    struct run_op *op = calloc(1, sizeof *op);
    if (!op)
        return error_nomem(err);
    op->run = run;
    op->done = call->done;
    op->data = call->data;
    op->computed = call->computed;
    op->kind = call->kind;
    op->dry_run = call->dry_run || run->dry_run;
    snprintf(op->key, sizeof op->key, "%s/%s", call->name_space, call->name);
    struct replace_call inner = *call;
    inner.dry_run = op->dry_run;
    inner.destructive = call->destructive || run->policy->destructive;
    inner.wait_effect_ms = call->wait_effect_ms ? call->wait_effect_ms : (uint64_t)(run->policy->wait_effect / 1000);
    inner.through_launcher = call->through_launcher || run->policy->through_launcher;
    inner.run = run->id;
    inner.policy = run->policy->name;
    struct buf mark = BUF_INIT;
    if (run->feed && run->sweep && !op->dry_run && run->feed->mark(run->feed->data, op->key, &mark)) {
        inner.handled_key = run->feed->key;
        inner.handled_value = mark.ptr;
    }
    inner.gate = gate;
    inner.done = op_done;
    inner.data = op;
    int rc = replace_start(run->site, &inner, &op->replace, err);
    buf_free(&mark);
    if (rc) {
        free(op);
        return rc;
    }
    DL_APPEND(run->ops, op);
    run->active++;
    *out = op;
    return 0;
}

void run_op_detach(struct run_op *op)
{
    op->done = NULL;
    replace_cancel(op->replace);
}

void run_replaces_stop_waiting(struct run *run)
{
    struct run_op *op, *next;
    DL_FOREACH_SAFE(run->ops, op, next)
    {
        replace_stop_waiting(op->replace);
    }
}

void run_replaces_abandon(struct run *run)
{
    struct run_op *op, *next;
    DL_FOREACH_SAFE(run->ops, op, next)
    {
        replace_abandon(op->replace);
    }
}
