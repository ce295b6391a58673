#include "run/run_verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "run/runs.h"

struct run_verb {
    struct run *run;
    struct verb *verb;
    enum write_verb what;
    verb_done done; /* NULL: detached */
    void *data;
    bool look, granted, ours;
    bool told;             /* that it is in a loop */
    char uid[64];          /* of the job, once the write may leave; "": none */
    enum mpijob_kind kind; /* of ours */
    char key[600];         /* "train/bert", "jobs.batch train/bert-launcher" */
    struct run_verb *prev, *next;
};

int run_grant(struct run *run, bool *granted, bool look, struct error *err)
{
    if (run->stopping)
        return error_set(err, ERR_CANCELLED, "the run is being stopped");
    if (*granted || (look && !run->dry_run))
        return 0;
    if (run->grant_max >= 0 && run->granted >= run->grant_max) {
        error_set(err, ERR_LIMIT, "the run has made its %" PRId64 " changes; raise limits.changes if more are meant",
                  run->grant_max);
        run_fail(run, RUN_LIMITED, err);
        return ERR_LIMIT;
    }
    *granted = true;
    run->granted++;
    return 0;
}

/* A change of a job: as a replacement, it may be a step of a loop of policies. */
static bool changes_job(const struct run_verb *v)
{
    return v->ours && (v->what == WRITE_PATCH || v->what == WRITE_REPLACE) && !v->look && !v->run->dry_run;
}

static int gate(void *data, const struct verb_intent *intent, struct error *err)
{
    struct run_verb *v = data;
    struct run *run = v->run;
    struct loops *loops = &run->runs->loops;
    struct loop_write write = {.policy = run->policy->name,
                               .uid = str_of(intent->uid),
                               .job = v->key,
                               .diff = intent->diff,
                               .seen = str_of(intent->seen),
                               .now = clock_now(run->site->clock)};
    if (run->feed && changes_job(v) && loops_check(loops, &write, &v->told, err))
        return ERR_REFUSED;
    int rc = run_grant(run, &v->granted, v->look, err);
    if (!rc && changes_job(v) && !*v->uid) {
        snprintf(v->uid, sizeof v->uid, "%s", intent->uid);
        loops_begin(loops, str_of(v->uid));
    }
    return rc;
}

static void log_verb(const struct run_verb *v, const struct verb_result *result, const struct error *err)
{
    static const char *const done[] = {"patched", "replaced", "created", "deleted"};
    static const char *const would[] = {"would patch", "would replace", "would create", "would delete"};
    static const char *const not [] = {"not patched", "not replaced", "not created", "not deleted"};
    const struct run *run = v->run;
    struct buf diff = BUF_INIT;
    mpijob_diff_json(result->diff, &diff);
    if (err)
        log_event(run->site->log, LOG_ERROR, not [v->what],
                  LOG_FIELDS({"policy", run->policy->name}, {"cluster", run->site->told}, {"object", v->key},
                             {"reason", err->reason}, {"message", err->message}));
    else
        log_event(run->site->log, LOG_INFO, result->dry_run ? would[v->what] : done[v->what],
                  LOG_FIELDS({"policy", run->policy->name}, {"cluster", run->site->told}, {"object", v->key},
                             {"diff", result->diff->count ? diff.ptr : NULL},
                             {"effect", mpijob_effect_name(result->effect)}, {"why", result->why}));
    for (size_t i = 0; !err && result->warnings[i]; i++)
        log_event(run->site->log, LOG_WARN, result->warnings[i], LOG_FIELDS({"object", v->key}));
    buf_free(&diff);
}

/* A plan shows it beside the replacements. */
static void observe(const struct run_verb *v, const struct verb_result *result, const struct error *err)
{
    static const struct mpijob_diff none;
    const struct run *run = v->run;
    struct replace_result as = {.changed = result->changed,
                                .dry_run = result->dry_run,
                                .effect = result->effect,
                                .why = result->why,
                                .resource_version = "",
                                .warnings = result->warnings,
                                .diff = result->diff,
                                .launcher = &none,
                                .object = result->object};
    if (run->runs->observe)
        run->runs->observe(run->runs->data, run, v->key, &as, err);
}

/* As of a replacement: news for the cache, and no ground for the policy itself to act again. */
static void tell_written(const struct run_verb *v, const struct verb_result *result)
{
    struct run *run = v->run;
    struct json root, uid;
    if (!v->ours || v->what == WRITE_DELETE || json_parse(result->object, "the answer", &root, NULL))
        return;
    uid = json_at(root, "/metadata/uid");
    struct json version = json_at(root, "/metadata/resourceVersion");
    if (json_type(uid) != JSON_STRING || json_type(version) != JSON_STRING)
        return;
    struct loop_write write = {.policy = run->policy->name,
                               .uid = str_n(uid.text.ptr + 1, uid.text.len - 2),
                               .job = v->key,
                               .diff = result->diff,
                               .seen = str_of(result->seen),
                               .now = clock_now(run->site->clock)};
    loops_wrote(&run->runs->loops, &write, run->feed != NULL, str_n(version.text.ptr + 1, version.text.len - 2));
    watches_offer(run->runs->watches, v->kind, root);
}

static void over(void *data, const struct verb_result *result, const struct error *err)
{
    struct run_verb *v = data;
    struct run *run = v->run;
    if (!err && !result->changed) {
        run->unchanged++;
    } else {
        run->changed += !err;
        run->failed += err && err->code != ERR_CANCELLED && err->code != ERR_LIMIT;
        if (!v->told && (!err || err->code != ERR_CANCELLED))
            log_verb(v, result, err);
    }
    if (!err && result->changed && !result->dry_run)
        tell_written(v, result);
    if (*v->uid)
        loops_end(&run->runs->loops, str_of(v->uid));
    observe(v, result, err);
    DL_DELETE(run->verbs, v);
    if (v->done)
        v->done(v->data, result, err);
    free(v);
    run_check_end(run);
}

int run_verb_start(struct run *run, struct verb_call *call, struct run_verb **out, struct error *err)
{
    char resource[WRITE_RESOURCE_MAX];
    struct run_verb *v = calloc(1, sizeof *v);
    if (!v)
        return error_nomem(err);
    *v = (struct run_verb){.run = run, .what = call->verb, .done = call->done, .data = call->data};
    v->look = call->dry_run;
    v->ours = call->job != NULL;
    v->kind = call->job ? call->job->kind : KIND_MPIJOB;
    snprintf(v->key, sizeof v->key, "%s%s%s%s%s", call->job ? "" : write_resource_name(&call->resource, resource),
             call->job ? "" : " ", call->name_space ? call->name_space : "", call->name_space ? "/" : "", call->name);
    struct verb_call inner = *call;
    inner.dry_run = call->dry_run || run->dry_run;
    inner.destructive = call->destructive || run->policy->destructive;
    inner.run = run->id;
    inner.policy = run->policy->name;
    inner.gate = gate;
    inner.done = over;
    inner.data = v;
    int rc = verb_start(run->site, &inner, &v->verb, err);
    if (rc) {
        free(v);
        return rc;
    }
    DL_APPEND(run->verbs, v);
    *out = v;
    return 0;
}

void run_verb_detach(struct run_verb *v)
{
    v->done = NULL;
    verb_cancel(v->verb);
}

void run_verbs_abandon(struct run *run)
{
    struct run_verb *v, *next;
    DL_FOREACH_SAFE(run->verbs, v, next)
    {
        verb_abandon(v->verb);
    }
}
