#include "policy/sweep.h"

#include <lauxlib.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "loop/work.h"
#include "policy/caches.h"
#include "policy/embedded.h"
#include "policy/engine_cluster.h"
#include "policy/listing.h"
#include "policy/lua_changes.h"
#include "policy/lua_job.h"
#include "policy/lua_json.h"

#define RESUMED_MAX 64 /* earlier runs of one instant that are looked at */

struct done_before { /* uids that the interrupted run has changed already */
    UT_hash_handle hh;
    char uid[];
};

struct again { /* a job that was changed by somebody else between our read and our write */
    struct again *next;
    char *object;
    size_t len;
};

struct sweep {
    struct work work;         /* reading what an interrupted run has changed */
    int64_t ids[RESUMED_MAX]; /* runs of this instant before this one */
    size_t id_count;
    bool reading;
    int read_code;
    struct error read_error;
    struct run *run;
    struct listing *listing;
    struct done_before *before;
    struct again *again, *given; /* given: what Lua is being handed */
    struct script_wait wait;
    bool waiting, stopped;
    /* what a job's changes were read into, kept here so that a Lua error leaks nothing */
    struct mpijob_changes changes;
    struct buf edited;
    struct mpijob_diff diff;
};

static void free_again(struct again *a)
{
    if (a)
        free(a->object);
    free(a);
}

static struct sweep *sweep_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static void wake(struct sweep *s)
{
    if (!s->waiting)
        return;
    s->waiting = false;
    script_wake(&s->wait);
}

static void cancelled(struct script_wait *wait)
{
    struct sweep *s = (struct sweep *)((char *)wait - offsetof(struct sweep, wait));
    s->waiting = false;
}

static int wait_for(lua_State *L, struct sweep *s, lua_KFunction k)
{
    s->wait = (struct script_wait){.cancel = cancelled};
    s->waiting = true;
    return script_wait(L, &s->wait, k, (lua_KContext)s);
}

/* ---- the jobs ---- */

/* May raise: the bytes are the listing's or s->given's, so that nothing leaks. */
static int give(lua_State *L, struct sweep *s, struct str object)
{
    lua_job_push(L, object, s->run->at->cluster, s->run->policy->kind, s->run->engine->o.clock)->as_of =
        s->given ? clock_now(s->run->engine->o.clock) : listing_as_of(s->listing);
    return 1;
}

static bool changed_before(struct sweep *s, struct str object)
{
    struct json root;
    struct buf uid = BUF_INIT;
    struct done_before *found = NULL;
    /* Of a change that goes through the launcher, the MPIJob's part alone may have been made; what is there already is
     * not made again. */
    if (!s->before || (s->run->policy->through_launcher && s->run->policy->action == ACTION_TABLE))
        return false;
    if (json_parse(object, "the job", &root, NULL) == 0 && json_decode(json_at(root, "/metadata/uid"), &uid))
        HASH_FIND_STR(s->before, uid.ptr, found);
    buf_free(&uid);
    return found != NULL;
}

static int next_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    struct str object;
    if (s->reading)
        return wait_for(L, s, next_k);
    if (s->read_code) {
        run_fail(s->run, RUN_FAILED, &s->read_error);
        lua_pushnil(L);
        return 1;
    }
    for (;;) {
        enum listing_state state = s->stopped ? LISTING_END : listing_next(s->listing, &object);
        switch (state) {
        case LISTING_JOB:
            if (changed_before(s, object))
                continue;
            return give(L, s, object);
        case LISTING_WAIT:
            return wait_for(L, s, next_k);
        case LISTING_ERROR:
            run_fail(s->run, RUN_FAILED, listing_error(s->listing)); /* what was found so far is still done */
            lua_pushnil(L);
            return 1;
        case LISTING_END:
            lua_pushnil(L);
            return 1;
        }
    }
}

static int l_next(lua_State *L)
{
    return next_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}

/* The jobs that have to be looked at again; nil when every replacement has ended. */
static int drain_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    while (s->again && !s->stopped) {
        struct again *a = s->again;
        LL_DELETE(s->again, a);
        free_again(s->given);
        s->given = a;
        struct json root;
        struct mpijob_view view;
        struct str object = str_n(a->object, a->len);
        bool matches =
            json_parse(object, "the job", &root, NULL) == 0 &&
            mpijob_view(root, cluster_target_of(s->run->at->cluster, s->run->policy->kind, root), &view, NULL) == 0 &&
            mpijob_match_eval(s->run->policy->match, &view, clock_now(s->run->engine->o.clock), NULL);
        if (matches) /* still */
            return give(L, s, object);
    }
    if (s->run->active)
        return wait_for(L, s, drain_k);
    lua_pushnil(L);
    return 1;
}

static int l_drain(lua_State *L)
{
    return drain_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}

/* ---- the changes ---- */

/* Fills s->changes from the policy's table or the function's result at index 2. False: told as the job's failure. */
static bool read_changes(lua_State *L, struct sweep *s, const struct lua_job *job)
{
    struct error err;
    int rc;
    mpijob_changes_free(&s->changes);
    if (s->run->policy->action == ACTION_TABLE)
        rc = mpijob_changes_copy(&s->run->policy->changes, &s->changes, &err);
    else
        rc = lua_changes_read(L, 2, &s->changes, &err);
    if (rc)
        run_job_failed(s->run, job->key, err.message);
    return rc == 0;
}

static void remember(struct sweep *s, struct str object)
{
    struct again *a = calloc(1, sizeof *a);
    char *copy = a ? str_dup(object) : NULL;
    if (!copy) {
        free(a);
        run_job_failed(s->run, "", "out of memory");
        return;
    }
    a->object = copy;
    a->len = object.len;
    LL_PREPEND(s->again, a);
}

static void replaced(void *data, const struct replace_result *result, const struct error *err)
{
    struct sweep *s = data;
    if (err && err->code == ERR_CONFLICT && result->object.len && !s->stopped)
        remember(s, result->object);
    if (err && err->code == ERR_LIMIT)
        s->stopped = true;
    if (s->run->feed && err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT))
        s->stopped = true; /* the others stay queued, and are tried when the server may be there again */
    wake(s);
}

static int submit_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    struct error err;
    struct run_op *op;
    struct lua_job *job = lua_job_at(L, 1);
    if (s->run->active >= s->run->policy->concurrency)
        return wait_for(L, s, submit_k);
    if (s->stopped || !read_changes(L, s, job))
        return 0;
    char name_space[256], name[256];
    snprintf(name_space, sizeof name_space, "%.*s", (int)job->view.name_space.len, job->view.name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)job->view.name.len, job->view.name.ptr);
    struct replace_call call = {
        .kind = s->run->policy->kind,
        .name_space = name_space,
        .name = name,
        .object = str_n(job->bytes, job->len),
        .changes = &s->changes,
        .computed = s->run->policy->action == ACTION_FUNCTION || s->run->policy->where != LUA_NOREF,
        .done = replaced,
        .data = s,
    };
    if (run_replace(s->run, &call, &op, &err))
        run_job_failed(s->run, job->key, err.message);
    return 0;
}

static int l_submit(lua_State *L)
{
    if (!lua_job_at(L, 1))
        return luaL_argerror(L, 1, "a job expected");
    lua_settop(L, 2);
    return submit_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}

static void settle(struct sweep *s, const struct lua_job *job, enum job_end end)
{
    const struct run_feed *feed = s->run->feed;
    if (feed && job)
        feed->settled(feed->data, job->key, end, job->view.resource_version, NULL, NULL);
}

/* The policy's functions want nothing of it. */
static int l_declined(lua_State *L)
{
    settle(sweep_of(L), lua_job_at(L, 1), JOB_DECLINED);
    return 0;
}

static int l_left(lua_State *L)
{
    settle(sweep_of(L), lua_job_at(L, 1), JOB_LEFT);
    return 0;
}

/* Would the changes change anything? */
static int l_would(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    struct error err;
    struct lua_job *job = lua_job_at(L, 1);
    if (!job)
        return luaL_argerror(L, 1, "a job expected");
    if (!read_changes(L, s, job)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    mpijob_diff_free(&s->diff);
    buf_reset(&s->edited);
    int rc = mpijob_changes_apply(&s->changes, &job->view, &s->edited, &s->diff, &err);
    if (rc)
        run_job_failed(s->run, job->key, err.message);
    else if (s->diff.count == 0) {
        s->run->unchanged++;
        settle(s, job, JOB_UNCHANGED);
    }
    lua_pushboolean(L, !rc && s->diff.count > 0);
    return 1;
}

/* allow(n): all or nothing. A policy that would change more than its author thought of changes nothing. */
static int l_allow(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    const struct policy *p = s->run->policy;
    lua_Integer n = luaL_checkinteger(L, 1);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    int64_t scope = listing_scope(s->listing);
    if (p->changes_max >= 0 && n > p->changes_max)
        error_set(err, ERR_LIMIT,
                  "%lld jobs would be changed, and limits.changes allows %lld: nothing was changed. Raise the "
                  "limit if they are meant, or narrow match",
                  (long long)n, (long long)p->changes_max);
    else if (p->percent_max >= 0 && (double)n * 100 > p->percent_max * (double)scope)
        error_set(err, ERR_LIMIT,
                  "%lld of %lld jobs would be changed, and limits.percent allows %g %%: nothing was changed. "
                  "Raise the limit if they are meant, or narrow match",
                  (long long)n, (long long)scope, p->percent_max);
    else
        return 0;
    run_fail(s->run, RUN_LIMITED, err);
    s->stopped = true;
    return 0;
}

static int traceback(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    return 1;
}

static int protect_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)ctx;
    bool good = status == LUA_OK || status == LUA_YIELD;
    lua_pushboolean(L, good);
    lua_replace(L, 1); /* the traceback function's place */
    lua_settop(L, 2);
    return 2;
}

/* protect(function, job): true and its result, or false and the traceback. */
static int l_protect(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushcfunction(L, traceback);
    lua_insert(L, 1);
    return protect_k(L, lua_pcallk(L, 1, 1, 1, 0, protect_k), 0);
}

static int l_failed(lua_State *L)
{
    struct lua_job *job = lua_job_at(L, 1);
    run_job_failed(sweep_of(L)->run, job ? job->key : "", luaL_tolstring(L, 2, NULL));
    return 0;
}

int sweep_enter(lua_State *L, void *data)
{
    static const luaL_Reg native[] = {
        {"next", l_next},       {"drain", l_drain},   {"submit", l_submit},     {"would", l_would}, {"allow", l_allow},
        {"protect", l_protect}, {"failed", l_failed}, {"declined", l_declined}, {"left", l_left},   {NULL, NULL}};
    struct run *run = data;
    if (luaL_loadbufferx(L, embedded_sweep, embedded_sweep_len, "=sweep", "t"))
        return lua_error(L);
    luaL_newlibtable(L, native);
    lua_pushlightuserdata(L, run->sweep);
    luaL_setfuncs(L, native, 1);
    lua_pushboolean(L, run->policy->changes_max >= 0 || run->policy->percent_max >= 0);
    lua_setfield(L, -2, "limited");
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->policy->where); /* LUA_NOREF gives nil */
    if (run->policy->action == ACTION_FUNCTION)
        lua_rawgeti(L, LUA_REGISTRYINDEX, run->policy->function);
    else
        lua_pushnil(L);
    return 3;
}

/* ---- life ---- */

static bool add_before(void *data, const struct store_change *change)
{
    struct sweep *s = data;
    if (!change->outcome || strncmp(change->outcome, "done", 4) != 0 || !change->uid)
        return true;
    struct done_before *found, *b;
    HASH_FIND_STR(s->before, change->uid, found);
    if (found)
        return true;
    size_t n = strlen(change->uid);
    b = malloc(sizeof *b + n + 1);
    if (!b) {
        s->read_code = error_nomem(&s->read_error);
        return false;
    }
    memcpy(b->uid, change->uid, n + 1);
    b->hh.tbl = NULL;
    HASH_ADD_STR(s->before, uid, b);
    if (b->hh.tbl)
        return true;
    free(b);
    s->read_code = error_nomem(&s->read_error);
    return false;
}

/* Runs of this policy for this very instant: one that was interrupted may have finished another one's work. */
static bool add_run(void *data, const struct store_run *run)
{
    struct sweep *s = data;
    if (run->scheduled_at < s->run->scheduled_at)
        return false; /* newest first: all that follow are older */
    if (run->scheduled_at == s->run->scheduled_at && !run->dry_run)
        s->ids[s->id_count++] = run->id;
    return s->id_count < RESUMED_MAX;
}

/* On another thread: `before` is its own until it has ended. */
static void read_before(struct work *work)
{
    struct sweep *s = (struct sweep *)work;
    struct store *store = s->run->engine->o.store;
    struct store_filter runs = {.policy = s->run->policy->name, .cluster = cluster_name(s->run->at->cluster)};
    int rc = store_read_runs(store, &runs, false, add_run, s, &s->read_error);
    for (size_t i = 0; !rc && !s->read_code && i < s->id_count; i++) {
        struct store_filter changes = {.run = s->ids[i]};
        rc = store_read_changes(store, &changes, add_before, s, &s->read_error);
    }
    if (rc)
        s->read_code = rc;
}

static void before_read(struct work *work)
{
    struct sweep *s = (struct sweep *)work;
    s->reading = false;
    s->run->reading = false;
    wake(s);
    run_check_end(s->run);
}

static void listing_ready(void *data)
{
    wake(data);
}

struct sweep *sweep_new(struct run *run, int64_t resumes, struct error *err)
{
    struct sweep *s = calloc(1, sizeof *s);
    if (!s) {
        error_nomem(err);
        return NULL;
    }
    s->run = run;
    struct listing_call call = {
        .loop = run->engine->o.loop,
        .cluster = run->at->cluster,
        .kind = run->policy->kind,
        .clock = run->engine->o.clock,
        .log = run->engine->o.log,
        .match = run->policy->match,
        .namespaces = run->at->namespaces,
        .cache = caches_for(run->at, run->policy->kind, run->policy->match),
        .ready = listing_ready,
        .data = s,
    };
    s->listing = run->feed ? run->feed->jobs : listing_new(&call, err);
    if (!s->listing) {
        sweep_free(s);
        return NULL;
    }
    if (resumes) {
        s->reading = run->reading = true;
        work_start(run->engine->o.loop, &s->work, read_before, before_read);
    }
    return s;
}

void sweep_stop(struct sweep *s)
{
    s->stopped = true;
    listing_free(s->listing);
    s->listing = NULL;
}

void sweep_free(struct sweep *s)
{
    listing_free(s->listing);
    while (s->again) {
        struct again *a = s->again;
        LL_DELETE(s->again, a);
        free_again(a);
    }
    free_again(s->given);
    struct done_before *b, *next;
    HASH_ITER(hh, s->before, b, next)
    {
        HASH_DEL(s->before, b);
        free(b);
    }
    mpijob_changes_free(&s->changes);
    mpijob_diff_free(&s->diff);
    buf_free(&s->edited);
    free(s);
}
