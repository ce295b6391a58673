/* SPDX-License-Identifier: Apache-2.0 */
/* The iterator of a list or a watch: a queue that the server fills and the script empties. */
#include "binding/stream/stream.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "binding/stream/stream_parts.h"
#include "mpijob/kind.h"
#include "policy/values/lua_json.h"
#include "record/record.h"
#include "run/lua_run.h"
#include "run/made_names.h"

struct stream_item {
    struct stream_item *next;
    const char *type; /* of a watch: "ADDED"...; NULL: of a list */
    size_t len;
    char bytes[];
};

void stream_count_memory(struct stream *s, size_t before, size_t now)
{
    s->counted += now - before;
    script_native_of(s->script, before, now);
}

static void wake(struct stream *s)
{
    if (!s->waiting)
        return;
    s->waiting = false;
    script_wake(&s->wait);
}

static void cancelled(struct script_wait *wait)
{
    ((struct stream *)((char *)wait - offsetof(struct stream, wait)))->waiting = false;
}

/* ---- the end ---- */

static void close_stream(struct stream *s)
{
    if (!s->open)
        return;
    s->open = false;
    site_unlink(s->site, &s->link);
    if (s->look)
        kube_kinds_forget(s->look);
    if (s->list)
        kube_list_cancel(s->list);
    if (s->reflect)
        kube_reflect_close(s->reflect, NULL, NULL);
    s->look = NULL;
    s->list = NULL;
    s->reflect = NULL;
    while (s->first) {
        struct stream_item *item = s->first;
        s->first = item->next;
        free(item);
    }
    seen_free(&s->seen);
    stream_count_memory(s, s->counted, 0);
    mpijob_match_free(s->match);
    free(s->api_version);
    free(s->kind_name);
    free(s->name_space);
    free(s->labels);
    free(s->fields);
    error_keep(&s->err, NULL);
    wake(s); /* another coroutine may wait for it, and sees the end */
}

static void cluster_closes(struct site_link *link)
{
    close_stream((struct stream *)((char *)link - offsetof(struct stream, link)));
}

static int l_close(lua_State *L)
{
    close_stream(lua_touserdata(L, 1));
    return 0;
}

void stream_fail(struct stream *s, const struct error *err)
{
    error_keep(&s->err, err);
    s->ended = true;
    wake(s);
}

/* ---- what comes ---- */

static bool wanted(const struct stream *s, struct json object)
{
    struct mpijob_view view;
    return !s->match || (mpijob_view(object, cluster_target_of(s->site->cluster, s->kind, object), &view, NULL) == 0 &&
                         mpijob_match_eval(s->match, &view, clock_now(s->site->clock), NULL));
}

static size_t item_bytes(const struct stream_item *item)
{
    return sizeof *item + item->len;
}

int stream_keep(struct stream *s, const char *type, struct json object)
{
    struct error err;
    if (s->ended || !wanted(s, object)) /* ended: it has failed, and nothing is read any more */
        return 0;
    struct stream_item *item = malloc(sizeof *item + object.text.len);
    if (!item) {
        error_nomem(&err);
        stream_fail(s, &err);
        return ERR_NOMEM;
    }
    *item = (struct stream_item){.type = type, .len = object.text.len};
    memcpy(item->bytes, object.text.ptr, object.text.len);
    if (s->first)
        s->last->next = item;
    else
        s->first = item;
    s->last = item;
    s->count++;
    s->bytes += item_bytes(item);
    stream_count_memory(s, 0, item_bytes(item));
    if (s->watches && (s->count > STREAM_BEHIND || s->bytes > STREAM_BEHIND_BYTES)) {
        error_set(&err, ERR_LIMIT, "the script is %zu events of %zu MiB behind; do less for each, or watch less",
                  s->count, s->bytes >> 20);
        stream_fail(s, &err);
    }
    wake(s);
    return 0;
}

static bool list_item(void *data, struct json item)
{
    struct stream *s = data;
    stream_keep(s, NULL, item);
    if (s->count >= STREAM_QUEUED || s->bytes >= STREAM_QUEUED_BYTES)
        kube_list_pause(s->list, true);
    return true;
}

static void begin(struct stream *s);

static void list_done(void *data, const char *resource_version, const struct error *err)
{
    struct stream *s = data;
    (void)resource_version;
    s->list = NULL;
    if (err) {
        stream_fail(s, err);
    } else if (s->scope && *++s->scope) {
        begin(s);
    } else {
        s->ended = true;
        wake(s);
    }
}

/* ---- the beginning ---- */

static int begin_list(struct stream *s, const char *name_space, struct error *err)
{
    struct kube_query query = {.label_selector = s->labels, .field_selector = s->fields};
    struct kube_list_call call = {.resource = &s->resource,
                                  .name_space = name_space,
                                  .query = &query,
                                  .item_kind = s->kind_name ? s->kind_name : mpijob_kind_info(s->kind)->name,
                                  .item = list_item,
                                  .done = list_done,
                                  .data = s};
    return kube_list(cluster_kube(s->site->cluster), &call, &s->list, err);
}

static void begin(struct stream *s)
{
    const char *name_space = !s->namespaced ? NULL : s->name_space ? s->name_space : s->scope ? *s->scope : NULL;
    struct error err;
    int rc = !s->namespaced && s->name_space
                 ? error_set(&err, ERR_INVALID, "%s is in no namespace; leave namespace out", s->kind_name)
                 : (s->watches ? stream_begin_watch : begin_list)(s, name_space, &err);
    if (rc)
        stream_fail(s, &err);
}

static void found(void *data, const struct kube_kind *kind, const struct error *err)
{
    struct stream *s = data;
    s->look = NULL;
    if (err) {
        stream_fail(s, err);
        return;
    }
    s->resource = kind->resource;
    s->namespaced = kind->namespaced;
    begin(s);
}

static void start(struct stream *s)
{
    struct error err;
    s->started = true;
    if (!s->api_version) {
        if (cluster_serves(s->site->cluster, s->kind, &err)) {
            stream_fail(s, &err);
            return;
        }
        s->resource = *cluster_resource(s->site->cluster, s->kind);
        s->namespaced = true;
        begin(s);
        return;
    }
    struct kube_kinds *kinds = cluster_kinds(s->site->cluster);
    const struct kube_kind *kind = kinds ? kube_kinds_known(kinds, s->api_version, s->kind_name) : NULL;
    if (!kinds)
        error_nomem(&err);
    if (kind)
        found(s, kind, NULL);
    else if (!kinds || kube_kinds_look(kinds, s->api_version, s->kind_name, found, s, &s->look, &err))
        stream_fail(s, &err);
}

/* ---- the iterator ---- */

/* Pushes the object, and of a watch the event: for the loop `for job, event in`. */
static int give(lua_State *L, struct stream *s)
{
    struct stream_item *item = s->first;
    struct str object = str_n(item->bytes, item->len);
    struct json root;
    struct run *run = lua_run_of(L);
    if (run && kube_is_secret(&s->resource))
        recording_secret(run->recording);
    /* It stays in the queue until it is pushed: a memory error then loses nothing but the script. */
    bool is_json = json_parse(object, "the object", &root, NULL) == 0;
    run_name_for(run, is_json ? json_get(json_get(root, "metadata"), "uid").text : (struct str){0});
    if (!s->api_version)
        lua_job_push(L, object, s->site->cluster, s->kind, s->site->clock);
    else if (is_json)
        lua_json_push(L, root);
    else
        lua_pushnil(L);
    const char *type = item->type;
    s->first = item->next;
    s->count--;
    s->bytes -= item_bytes(item);
    stream_count_memory(s, item_bytes(item), 0);
    free(item);
    if (s->list && s->count < STREAM_QUEUED / 2 && s->bytes < STREAM_QUEUED_BYTES / 2)
        kube_list_pause(s->list, false);
    if (!type)
        return 1;
    lua_pushstring(L, type);
    return 2;
}

static int next_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct stream *s = (struct stream *)ctx;
    if (s->open && !s->started)
        start(s);
    if (s->open && s->first)
        return give(L, s);
    if (s->open && s->err) {
        push_error(L, s->err);
        return lua_error(L);
    }
    if (!s->open || s->ended) {
        run_name_for(lua_run_of(L), (struct str){0});
        lua_pushnil(L);
        return 1;
    }
    s->wait = (struct script_wait){.cancel = cancelled};
    s->waiting = true;
    return script_wait(L, &s->wait, next_k, ctx);
}

static int l_next(lua_State *L)
{
    struct stream *s = lua_touserdata(L, lua_upvalueindex(1));
    if (s->waiting)
        return luaL_error(L, "this iterator is being waited for by another coroutine already");
    return next_k(L, LUA_OK, (lua_KContext)s);
}

static void check_watches(lua_State *L, const char *call, const struct run *run)
{
    if (site_count_links(run->site, run->policy) >= STREAM_WATCHES_POLICY)
        luaL_error(L,
                   "%s: this policy has %d watches open already; leave the loop of one first, or watch more with one "
                   "call",
                   call, STREAM_WATCHES_POLICY);
    if (site_count_links(run->site, NULL) >= site_watches_max(run->site))
        luaL_error(L, "%s: all policies together have %d watches open already; watch more with one call, or use `on`",
                   call, (int)site_watches_max(run->site));
}

struct stream *stream_new(lua_State *L, const char *call, bool watches)
{
    struct run *run = check_run(L, call);
    if (watches)
        check_watches(L, call, run);
    struct stream *s = lua_newuserdatauv(L, sizeof *s, 0);
    memset(s, 0, sizeof *s);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__close");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    s->site = run->site;
    s->script = script_of(L);
    s->link.owner = watches ? run->policy : NULL;
    s->watches = watches;
    s->open = true;
    s->link.close = cluster_closes;
    site_link(s->site, &s->link);
    return s;
}

int stream_go(lua_State *L, int state)
{
    state = lua_absindex(L, state);
    lua_pushvalue(L, state);
    lua_pushcclosure(L, l_next, 1);
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, state); /* closed when the loop is left early */
    return 4;
}
