/* SPDX-License-Identifier: Apache-2.0 */
/* Following a resource through everything that can happen to a list and a watch. The test keeps what it is told, as
 * an owner does, and compares it with what the server holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kube/reflect.h"
#include "kube_server.h"
#include "moved_clock.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};

struct held {
    char name[16], version[16];
    bool seen;
};

struct owner {
    struct kube_world *world;
    struct kube_reflect *reflect;
    struct held held[16];
    size_t count;
    struct buf told; /* "+a 1 " upsert of a list, "~a 2 " of the watch, "-a " removed, "!a " found missing, "| " synced,
                        "( " relist */
    unsigned synced, troubles, restarts[KUBE_WATCH_ENDS], fail_upserts;
    int close_at; /* 's': in synced, 't': in trouble, 'u': in upsert, 'r': in restarted, 'l': in relist */
    bool closed;
    struct error error;
};

static void was_closed(void *data)
{
    struct owner *o = data;
    o->closed = true;
}

static void close_if(struct owner *o, int at)
{
    if (o->close_at == at && o->reflect) {
        kube_reflect_close(o->reflect, was_closed, o);
        o->reflect = NULL;
    }
}

static int setup(void **state)
{
    clock_jumps(false);
    static struct kube_world world;
    static struct owner owner;
    kube_world_open(&world);
    kube_world_connect(&world);
    owner = (struct owner){.world = &world};
    *state = &owner;
    return 0;
}

static int teardown(void **state)
{
    struct owner *o = *state;
    if (o->reflect)
        kube_reflect_close(o->reflect, was_closed, o);
    while (!o->closed)
        uv_run(&o->world->loop, UV_RUN_ONCE);
    kube_world_close(o->world);
    buf_free(&o->told);
    return 0;
}

static void text_of(struct json object, const char *pointer, char out[16])
{
    struct buf b = BUF_INIT;
    json_decode(json_at(object, pointer), &b);
    snprintf(out, 16, "%s", b.ptr ? b.ptr : "");
    buf_free(&b);
}

static struct held *find(struct owner *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->held[i].name, name) == 0)
            return &o->held[i];
    }
    return NULL;
}

static void forget(struct owner *o, struct held *h)
{
    *h = o->held[--o->count];
}

static void relist(void *data)
{
    struct owner *o = data;
    assert_non_null(o->reflect);
    buf_puts(&o->told, "( ");
    for (size_t i = 0; i < o->count; i++)
        o->held[i].seen = false;
    close_if(o, 'l');
}

static int upsert(void *data, struct json object, bool initial)
{
    struct owner *o = data;
    char name[16], version[16];
    assert_non_null(o->reflect);
    text_of(object, "/metadata/name", name);
    text_of(object, "/metadata/resourceVersion", version);
    close_if(o, 'u');
    if (o->fail_upserts) {
        o->fail_upserts--;
        return ERR_NOMEM;
    }
    struct held *h = find(o, name);
    if (!h) {
        assert_true(o->count < 16);
        h = &o->held[o->count++];
    }
    memcpy(h->name, name, 16);
    memcpy(h->version, version, 16);
    h->seen = true;
    buf_printf(&o->told, "%s%s %s ", initial ? "+" : "~", name, version);
    return 0;
}

static void removed(void *data, struct json object)
{
    struct owner *o = data;
    char name[16];
    assert_non_null(o->reflect);
    text_of(object, "/metadata/name", name);
    buf_printf(&o->told, "-%s ", name);
    struct held *h = find(o, name);
    if (h)
        forget(o, h);
}

static void synced(void *data)
{
    struct owner *o = data;
    assert_non_null(o->reflect);
    for (size_t i = o->count; i--;) {
        if (o->held[i].seen)
            continue;
        buf_printf(&o->told, "!%s ", o->held[i].name);
        forget(o, &o->held[i]);
    }
    buf_puts(&o->told, "| ");
    o->synced++;
    close_if(o, 's');
}

static void trouble(void *data, const struct error *err)
{
    struct owner *o = data;
    assert_non_null(o->reflect);
    o->troubles++;
    o->error = *err;
    close_if(o, 't');
}

static void restarted(void *data, enum kube_watch_end why)
{
    struct owner *o = data;
    assert_non_null(o->reflect);
    o->restarts[why]++;
    close_if(o, 'r');
}

/* Watches end in their time, as far as the reflector knows, unless a test makes them longer. */
static const struct kube_reflect_timing quick = {
    .silence_ms = 60000, .least_s = 1, .most_s = 1, .backoff_ms = 1, .backoff_most_ms = 2, .settled_ms = 60000};

static void start_with(struct owner *o, bool by_pages, struct kube_reflect_timing timing)
{
    struct kube_reflect_call call = {
        .resource = jobs,
        .by_pages = by_pages,
        .timing = timing,
        .relist = relist,
        .upsert = upsert,
        .remove = removed,
        .synced = synced,
        .trouble = trouble,
        .restarted = restarted,
        .data = o,
    };
    assert_int_equal(kube_reflect(o->world->kube, &call, &o->reflect, NULL), 0);
    assert_int_equal(o->told.len, 0);
}

static void start(struct owner *o)
{
    start_with(o, true, quick);
}

static void turn(struct owner *o)
{
    uv_run(&o->world->loop, UV_RUN_ONCE);
}

static void told(struct owner *o, const char *text)
{
    for (int i = 0; i < 20000 && o->told.len < strlen(text); i++)
        turn(o);
    if (!o->told.ptr || strcmp(o->told.ptr, text) != 0)
        fail_msg("it was told \"%s\", not \"%s\" (last trouble: %s)", o->told.ptr ? o->told.ptr : "", text,
                 o->error.message);
}

static void requests(struct owner *o, unsigned n)
{
    while (scripted_count(o->world->server) < n)
        turn(o);
}

static void settle(struct owner *o)
{
    for (int i = 0; i < 50; i++)
        uv_run(&o->world->loop, UV_RUN_NOWAIT);
}

static const char *asked(struct owner *o, unsigned i)
{
    return scripted_request(o->world->server, i);
}

static void contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text ? text : "(nothing)");
}

#define OBJECT(name, version) "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" OBJECT(name, version) "}\n"
#define BOOKMARK(version) "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
#define LIST_END(version)                                                                                              \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"annotations\":{\"k8s.io/initial-events-end\":\"true\"},"       \
    "\"resourceVersion\":\"" version "\"}}}\n"
#define GONE                                                                                                           \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"too old resource version\",\"reason\":\"Expired\","     \
    "\"code\":410}"
#define LIST(version, more, items)                                                                                     \
    "{\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" more "\"},\"items\":[" items "]}"

static void list(struct owner *o, const char *body)
{
    scripted_reply(o->world->server, 200, "", body);
}

/* What the server says of itself to one who wants to know whether it streams lists. */
static void version(struct owner *o, const char *minor)
{
    char body[64];
    snprintf(body, sizeof body, "{\"major\":\"1\",\"minor\":\"%s\"}", minor);
    list(o, body);
}

/* To a question after the server's version it answers with one that is not lower than ours. */
static void same_past(struct owner *o)
{
    list(o, LIST("1000", "", ""));
}

static void stream(struct owner *o)
{
    scripted_stream(o->world->server);
}

static void push(struct owner *o, const char *text)
{
    while (!scripted_streaming(o->world->server))
        turn(o);
    scripted_push(o->world->server, text, strlen(text));
}

static void finish(struct owner *o, bool cut)
{
    while (!scripted_streaming(o->world->server))
        turn(o);
    scripted_finish(o->world->server, cut);
}

/* Synced with a and b at version 5, the watch open. */
static void begin(struct owner *o)
{
    list(o, LIST("5", "", OBJECT("a", "1") "," OBJECT("b", "2")));
    stream(o);
    start(o);
    told(o, "( +a 1 +b 2 | ");
    requests(o, 2);
    buf_reset(&o->told);
}

static void lists_then_watches(void **state)
{
    struct owner *o = *state;
    list(o, LIST("5", "next", OBJECT("a", "1")));
    list(o, LIST("5", "", OBJECT("b", "2")));
    stream(o);
    struct kube_reflect_timing timing = quick;
    timing.least_s = timing.most_s = 0;
    start_with(o, true, timing);
    assert_true(kube_reflect_silence_ms(o->reflect) == UINT64_MAX);
    told(o, "( +a 1 +b 2 | ");
    push(o, EVENT("MODIFIED", "a", "6") EVENT("ADDED", "c", "7") EVENT("DELETED", "b", "8"));
    told(o, "( +a 1 +b 2 | ~a 6 ~c 7 -b ");
    assert_true(kube_reflect_silence_ms(o->reflect) < 60000);
    contains(asked(o, 0), "mpijobs?limit=500 HTTP");
    contains(asked(o, 1), "mpijobs?continue=next&limit=500 HTTP");
    contains(asked(o, 2), "mpijobs?resourceVersion=5&watch=1&allowWatchBookmarks=true&timeoutSeconds=");
    long seconds = strtol(strstr(asked(o, 2), "timeoutSeconds=") + 15, NULL, 10);
    assert_in_range(seconds, 300, 600);
    assert_int_equal(o->troubles, 0);
}

static void goes_on_from_the_last_event(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o, EVENT("MODIFIED", "a", "6") EVENT("MODIFIED", "a", "7"));
    finish(o, false);
    stream(o);
    requests(o, 3);
    contains(asked(o, 2), "?resourceVersion=7&watch=1");
    push(o, EVENT("MODIFIED", "b", "9"));
    told(o, "~a 6 ~a 7 ~b 9 ");
    assert_int_equal(o->restarts[KUBE_WATCH_ENDED], 1);
    assert_int_equal(o->troubles, 0);
}

static void goes_on_from_a_bookmark(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o, BOOKMARK("70"));
    finish(o, false);
    stream(o);
    requests(o, 3);
    contains(asked(o, 2), "?resourceVersion=70&watch=1");
    assert_int_equal(o->told.len, 0);
}

static void a_cut_in_the_middle_of_a_line(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o, EVENT("MODIFIED", "a", "6") "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"b\",\"resou");
    told(o, "~a 6 ");
    finish(o, true);
    same_past(o);
    stream(o);
    requests(o, 4);
    contains(asked(o, 2), "mpijobs?limit=1 HTTP");
    contains(asked(o, 3), "?resourceVersion=6&watch=1");
    push(o, EVENT("MODIFIED", "b", "7"));
    told(o, "~a 6 ~b 7 ");
    assert_int_equal(o->restarts[KUBE_WATCH_CUT], 1);
    assert_int_equal(o->troubles, 1);
}

/* Whichever form it has, 410 leads to a list, and the list to what was missed. */
static void missed_meanwhile(struct owner *o)
{
    stream(o);
    told(o, "( +a 1 +c 20 !b | ");
    requests(o, scripted_count(o->world->server) < 4 ? 4 : 0);
    contains(asked(o, scripted_count(o->world->server) - 1), "?resourceVersion=30&watch=1");
    assert_int_equal(o->restarts[KUBE_WATCH_EXPIRED], 1);
    assert_int_equal(o->troubles, 0);
}

#define LATER LIST("30", "", OBJECT("a", "1") "," OBJECT("c", "20"))

static void gone_as_an_event(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o, "{\"type\":\"ERROR\",\"object\":" GONE "}\n");
    list(o, LATER);
    missed_meanwhile(o);
}

static void gone_as_an_answer(void **state)
{
    struct owner *o = *state;
    begin(o);
    finish(o, false);
    scripted_reply(o->world->server, 410, "", GONE);
    list(o, LATER);
    stream(o);
    told(o, "( +a 1 +c 20 !b | ");
    requests(o, 5);
    contains(asked(o, 4), "?resourceVersion=30&watch=1");
    assert_int_equal(o->restarts[KUBE_WATCH_EXPIRED], 1);
}

static void gone_on_a_page(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o, "{\"type\":\"ERROR\",\"object\":" GONE "}\n");
    list(o, LIST("25", "next", OBJECT("a", "1") "," OBJECT("b", "2"))); /* b goes after this page */
    scripted_reply(o->world->server, 410, "", GONE);
    list(o, LATER);
    stream(o);
    told(o, "( +a 1 +b 2 ( +a 1 +c 20 !b | ");
    requests(o, 6);
    contains(asked(o, 5), "?resourceVersion=30&watch=1");
    assert_int_equal(o->troubles, 0);
}

static void gone_on_page_after_page(void **state)
{
    struct owner *o = *state;
    for (int i = 0; i < 2; i++) {
        list(o, LIST("25", "next", OBJECT("a", "1")));
        scripted_reply(o->world->server, 410, "", GONE);
    }
    list(o, LATER);
    stream(o);
    start(o);
    told(o, "( +a 1 ( +a 1 ( +a 1 +c 20 | ");
    assert_int_equal(o->troubles, 1);
    assert_int_equal(o->error.status, 410);
}

static void an_error_event_is_waited_out(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o,
         EVENT("MODIFIED", "a",
               "6") "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"no leader\",\"code\":500}}\n");
    same_past(o);
    stream(o);
    requests(o, 4);
    contains(asked(o, 3), "?resourceVersion=6&watch=1");
    assert_int_equal(o->restarts[KUBE_WATCH_ERROR], 1);
    contains(o->error.message, "no leader");
}

static void errors_without_end_lead_to_a_list(void **state)
{
    struct owner *o = *state;
    begin(o);
    finish(o, false);
    for (int i = 0; i < 3; i++) {
        if (i)
            same_past(o);
        scripted_reply(o->world->server, 500, "", "{\"kind\":\"Status\",\"message\":\"storage\",\"code\":500}");
    }
    list(o, LATER);
    stream(o);
    told(o, "( +a 1 +c 20 !b | ");
    assert_int_equal(o->restarts[KUBE_WATCH_HTTP], 3);
    assert_int_equal(o->troubles, 3);
}

static void a_line_that_is_none_leads_to_a_list(void **state)
{
    struct owner *o = *state;
    begin(o);
    push(o, "{\"type\":\"MODIFIED\",\"object\":{}}\n");
    list(o, LATER);
    stream(o);
    told(o, "( +a 1 +c 20 !b | ");
    assert_int_equal(o->restarts[KUBE_WATCH_GARBLED], 1);
}

static void silence_is_death(void **state)
{
    struct owner *o = *state;
    struct kube_reflect_timing timing = quick;
    timing.silence_ms = 60000;
    list(o, LIST("5", "", OBJECT("a", "1")));
    stream(o);
    start_with(o, true, timing);
    push(o, EVENT("MODIFIED", "a", "6") BOOKMARK("7"));
    same_past(o);
    stream(o);
    clock_jumps(true);
    requests(o, 4); /* because of the silence */
    contains(asked(o, 3), "?resourceVersion=7&watch=1");
    assert_int_equal(o->restarts[KUBE_WATCH_SILENT], 1);
    assert_int_equal(o->troubles, 0);
    assert_int_equal(o->told.len, strlen("( +a 1 | ~a 6 "));
}

/* Nothing at all came: is the server quiet, or does it not know our version? */
static void a_mute_watch(struct owner *o, const char *servers)
{
    struct kube_reflect_timing timing = quick;
    timing.silence_ms = 60000;
    list(o, LIST("50", "", OBJECT("a", "1")));
    stream(o);
    list(o, servers);
    start_with(o, true, timing);
    clock_jumps(true);
    requests(o, 3);
    clock_jumps(false);
    contains(asked(o, 2), "mpijobs?limit=1 HTTP");
    assert_int_equal(o->restarts[KUBE_WATCH_SILENT], 1);
}

static void a_quiet_server(void **state)
{
    struct owner *o = *state;
    a_mute_watch(o, LIST("50", "more", OBJECT("a", "1")));
    stream(o);
    requests(o, 4); /* from now on the server ends watches before they look dead */
    contains(asked(o, 3), "?resourceVersion=50&watch=1");
    unsigned seconds = 0;
    assert_int_equal(sscanf(strstr(asked(o, 3), "&timeoutSeconds="), "&timeoutSeconds=%u", &seconds), 1);
    assert_in_range(seconds, 1, 59);
    finish(o, false); /* before its time */
    same_past(o);
    stream(o);
    requests(o, 6);
    contains(asked(o, 5), "?resourceVersion=50&watch=1");
    assert_true(kube_reflect_silence_ms(o->reflect) < 5000);
    assert_int_equal(o->troubles, 0);
    told(o, "( +a 1 | ");
}

static void a_server_with_another_past(void **state)
{
    struct owner *o = *state;
    a_mute_watch(o, LIST("7", "", OBJECT("a", "2")));
    list(o, LIST("7", "", OBJECT("a", "2")));
    stream(o);
    told(o, "( +a 1 | ( +a 2 | ");
    requests(o, 5);
    contains(asked(o, 4), "?resourceVersion=7&watch=1");
}

static void a_quiet_server_that_cannot_be_asked(void **state)
{
    struct owner *o = *state;
    a_mute_watch(o, "{\"kind\":\"Status\",\"items\":1}");
    list(o, LIST("51", "", ""));
    stream(o);
    requests(o, 5);
    contains(asked(o, 3), "?limit=1 ");
    contains(asked(o, 4), "?resourceVersion=50&watch=1");
    assert_int_equal(o->troubles, 1);
}

static void the_server_goes_and_comes_back(void **state)
{
    struct owner *o = *state;
    begin(o);
    finish(o, true);
    for (int i = 0; i < 6; i++)
        scripted_act(o->world->server, SCRIPTED_RESET);
    same_past(o);
    stream(o);
    requests(o, 10);
    contains(asked(o, 8), "?limit=1 ");
    contains(asked(o, 9), "?resourceVersion=5&watch=1");
    push(o, EVENT("DELETED", "a", "9"));
    told(o, "-a ");
    assert_int_equal(o->restarts[KUBE_WATCH_CUT], 1);
}

static void a_version_that_has_gone(void **state)
{
    struct owner *o = *state;
    begin(o);
    finish(o, false);
    scripted_reply(o->world->server, 404, "", "404 page not found\n");
    scripted_reply(o->world->server, 404, "", "404 page not found\n");
    while (o->troubles < 2)
        turn(o);
    assert_int_equal(o->error.status, 404);
    list(o, LATER);
    stream(o);
    told(o, "( ( +a 1 +c 20 !b | ");
}

static void what_is_forbidden(void **state)
{
    struct owner *o = *state;
    for (int i = 0; i < 3; i++)
        scripted_reply(o->world->server, 403, "",
                       "{\"kind\":\"Status\",\"message\":\"mpijobs is forbidden\",\"code\":403}");
    list(o, LATER);
    stream(o);
    start(o);
    told(o, "( ( ( ( +a 1 +c 20 | ");
    assert_int_equal(o->troubles, 3);
    contains(o->error.message, "a Role or ClusterRole must allow it");
}

static void does_not_hammer(void **state)
{
    struct owner *o = *state;
    struct kube_reflect_timing timing = quick;
    timing.backoff_ms = 20000;
    timing.backoff_most_ms = 100000;
    list(o, LIST("5", "", ""));
    for (int i = 0; i < 12; i++)
        scripted_reply(o->world->server, 200, "", ""); /* watches that end at once */
    stream(o);
    uint64_t from = uv_hrtime();
    start_with(o, true, timing);
    clock_jumps(true);
    requests(o, 14);
    /* One at once, then 20, 40, 80, 100... s, each drawn between 0 and that. */
    assert_true(uv_hrtime() - from > 150000000000);
}

static void waits_as_long_as_the_server_asks(void **state)
{
    struct owner *o = *state;
    begin(o);
    finish(o, false);
    scripted_reply(o->world->server, 429, "Retry-After: 100\r\n", "Too many requests, please try again later.\n");
    stream(o);
    requests(o, 3);
    uint64_t from = uv_hrtime();
    clock_jumps(true);
    requests(o, 4);
    assert_true(uv_hrtime() - from > 99000000000);
    assert_int_equal(o->restarts[KUBE_WATCH_HTTP], 1);
}

static void large_objects_come_by_smaller_pages(void **state)
{
    struct owner *o = *state;
    kube_world_close(o->world);
    kube_world_open(o->world);
    o->world->options.body_max = 200;
    kube_world_connect(o->world);
    list(o, LIST("5", "", OBJECT("a", "1") "," OBJECT("a", "1") "," OBJECT("a", "1") "," OBJECT("a", "1")));
    list(o, LIST("5", "n", OBJECT("a", "1")));
    list(o, LIST("5", "", OBJECT("b", "2")));
    stream(o);
    start(o);
    told(o, "( ( +a 1 +b 2 | ");
    contains(asked(o, 1), "?limit=100 ");
    assert_int_equal(o->troubles, 0);
}

static void an_object_that_could_not_be_kept(void **state)
{
    struct owner *o = *state;
    o->fail_upserts = 1;
    list(o, LIST("5", "next", OBJECT("a", "1")));
    list(o, LIST("5", "", OBJECT("a", "1")));
    stream(o);
    start(o);
    told(o, "( ( +a 1 | ");
    o->fail_upserts = 1;
    push(o, EVENT("MODIFIED", "a", "6"));
    list(o, LATER);
    stream(o);
    told(o, "( ( +a 1 | ( +a 1 +c 20 | ");
    assert_int_equal(o->troubles, 2);
    assert_int_equal(o->error.code, ERR_NOMEM);
}

static void a_list_without_a_version(void **state)
{
    struct owner *o = *state;
    list(o, "{\"items\":[]}");
    list(o, LATER);
    stream(o);
    start(o);
    told(o, "( ( +a 1 +c 20 | ");
    contains(o->error.message, "the list of mpijobs has no metadata.resourceVersion");
}

/* ---- streamed lists ---- */

static void streams_the_list(void **state)
{
    struct owner *o = *state;
    version(o, "34");
    stream(o);
    start_with(o, false, quick);
    push(o, EVENT("ADDED", "a", "3") EVENT("ADDED", "b", "1"));
    push(o, LIST_END("5") EVENT("MODIFIED", "b", "6"));
    told(o, "( +a 3 +b 1 | ~b 6 ");
    contains(asked(o, 0), "GET /version HTTP");
    contains(asked(o, 1), "&sendInitialEvents=true&");
    finish(o, false);
    stream(o);
    requests(o, 3);
    contains(asked(o, 2), "?resourceVersion=6&watch=1");
}

static void falls_back_to_the_cache(void **state)
{
    struct owner *o = *state;
    version(o, "27+");
    stream(o);
    start_with(o, false, quick);
    push(o, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"etcd is too old\",\"code\":500}}\n");
    list(o, LIST("5", "", OBJECT("a", "1") "," OBJECT("b", "2")));
    stream(o);
    told(o, "( ( +a 1 +b 2 | ");
    push(o, "{\"type\":\"ERROR\",\"object\":" GONE "}\n");
    list(o, LATER); /* and does not ask again */
    stream(o);
    told(o, "( ( +a 1 +b 2 | ( +a 1 +c 20 !b | ");
    assert_int_equal(o->troubles, 0);
    contains(asked(o, 2), "mpijobs?resourceVersion=0 HTTP");
    contains(asked(o, 4), "mpijobs?resourceVersion=5&resourceVersionMatch=NotOlderThan HTTP");
}

/* One that does not know the parameter sends what is there, and no bookmark. */
static void a_stream_without_an_end(void **state)
{
    struct owner *o = *state;
    struct kube_reflect_timing timing = quick;
    timing.stream_ms = 40;
    version(o, "29");
    stream(o);
    start_with(o, false, timing);
    push(o, EVENT("ADDED", "a", "3"));
    told(o, "( +a 3 ");
    list(o, LATER);
    stream(o);
    told(o, "( +a 3 ( +a 1 +c 20 | ");
    contains(asked(o, 2), "mpijobs?resourceVersion=0 HTTP");
    requests(o, 4);
    contains(asked(o, 3), "?resourceVersion=30&watch=1");
    assert_int_equal(o->troubles, 0);
}

static void a_stream_that_does_not_begin(void **state)
{
    struct owner *o = *state;
    struct kube_reflect_timing timing = quick;
    timing.stream_ms = 40;
    version(o, "29");
    scripted_act(o->world->server, SCRIPTED_SILENT);
    start_with(o, false, timing);
    requests(o, 2);
    list(o, LATER);
    stream(o);
    told(o, "( ( +a 1 +c 20 | ");
}

static void not_asked_of_older_servers(void **state)
{
    struct owner *o = *state;
    version(o, "26");
    list(o, LATER);
    stream(o);
    start_with(o, false, quick);
    told(o, "( +a 1 +c 20 | ");
    contains(asked(o, 0), "GET /version HTTP");
    contains(asked(o, 1), "mpijobs?resourceVersion=0 HTTP");
    push(o, "{\"type\":\"ERROR\",\"object\":" GONE "}\n");
    list(o, LATER); /* and its version is not asked for again */
    stream(o);
    told(o, "( +a 1 +c 20 | ( +a 1 +c 20 | ");
    contains(asked(o, 3), "mpijobs?resourceVersion=30&resourceVersionMatch=NotOlderThan HTTP");
}

static void nor_of_those_that_do_not_tell(void **state)
{
    struct owner *o = *state;
    scripted_reply(o->world->server, 403, "", "{\"kind\":\"Status\",\"message\":\"no\",\"code\":403}");
    list(o, LATER);
    stream(o);
    start_with(o, false, quick);
    told(o, "( +a 1 +c 20 | ");
    contains(asked(o, 1), "mpijobs?resourceVersion=0 HTTP");
    assert_int_equal(o->troubles, 0);
}

/* ---- lists from the server's cache ---- */

/* Without a stream, synced with a and c at version 30. */
static void begin_from_cache(struct owner *o, struct kube_reflect_timing timing)
{
    version(o, "20");
    list(o, LATER);
    stream(o);
    start_with(o, false, timing);
    told(o, "( +a 1 +c 20 | ");
    requests(o, 3);
    buf_reset(&o->told);
}

static void a_cache_that_is_behind(void **state)
{
    struct owner *o = *state;
    begin_from_cache(o, quick);
    push(o, "{\"type\":\"ERROR\",\"object\":" GONE "}\n");
    list(o, LIST("29", "", OBJECT("a", "1"))); /* in spite of what was asked for */
    list(o, LIST("40", "", OBJECT("a", "1") "," OBJECT("d", "35")));
    stream(o);
    told(o, "( +a 1 ( +a 1 +d 35 !c | ");
    contains(asked(o, 4), "mpijobs?limit=500 HTTP");
}

/* Such as after a restore: the server waits for that version, and answers 504. */
static void a_cache_that_will_never_be_there(void **state)
{
    struct owner *o = *state;
    begin_from_cache(o, quick);
    push(o, "{\"type\":\"ERROR\",\"object\":" GONE "}\n");
    scripted_reply(o->world->server, 504, "Retry-After: 60\r\n", /* longer than the list is tried */
                   "{\"kind\":\"Status\",\"message\":\"Too large resource version\",\"code\":504}");
    list(o, LIST("7", "", OBJECT("a", "1")));
    stream(o);
    told(o, "( ( +a 1 !c | ");
    contains(asked(o, 4), "mpijobs?limit=500 HTTP");
    assert_int_equal(o->troubles, 0);
}

static void what_is_no_list_is_asked_for_by_pages(void **state)
{
    struct owner *o = *state;
    version(o, "20");
    scripted_reply(o->world->server, 400, "", "{\"kind\":\"Status\",\"message\":\"what?\",\"code\":400}");
    list(o, LATER);
    stream(o);
    start_with(o, false, quick);
    told(o, "( ( +a 1 +c 20 | ");
    contains(asked(o, 2), "mpijobs?limit=500 HTTP");
    assert_int_equal(o->troubles, 0);
}

/* etcd was restored from a backup while the connection was lost, and then its versions passed ours. */
static void another_past_after_a_lost_connection(void **state)
{
    struct owner *o = *state;
    begin_from_cache(o, quick);
    finish(o, true);
    list(o, LIST("12", "", OBJECT("a", "1")));
    list(o, LIST("90", "", OBJECT("a", "1") "," OBJECT("e", "11")));
    stream(o);
    told(o, "( +a 1 +e 11 !c | ");
    contains(asked(o, 3), "mpijobs?limit=1 HTTP");
    contains(asked(o, 4), "mpijobs?limit=500 HTTP");
    requests(o, 6);
    contains(asked(o, 5), "?resourceVersion=90&watch=1");
}

/* A server that is stopped ends its watches in good order, but before their time. */
static void another_past_after_a_watch_that_ended_early(void **state)
{
    struct owner *o = *state;
    struct kube_reflect_timing timing = quick;
    timing.least_s = timing.most_s = 0;
    begin_from_cache(o, timing);
    finish(o, false);
    list(o, LIST("12", "", OBJECT("a", "1")));
    list(o, LIST("13", "", OBJECT("a", "1")));
    stream(o);
    told(o, "( +a 1 !c | ");
}

static void falls_back_where_it_is_refused(void **state)
{
    struct owner *o = *state;
    version(o, "31");
    scripted_reply(o->world->server, 422, "",
                   "{\"kind\":\"Status\",\"message\":\"sendInitialEvents is forbidden\",\"code\":422}");
    list(o, LATER);
    stream(o);
    start_with(o, false, quick);
    told(o, "( ( +a 1 +c 20 | ");
    assert_int_equal(o->troubles, 0);
}

static void falls_back_where_it_breaks_off(void **state)
{
    struct owner *o = *state;
    version(o, "31");
    stream(o);
    start_with(o, false, quick);
    push(o, EVENT("ADDED", "a", "3") EVENT("ADDED", "b", "1"));
    told(o, "( +a 3 +b 1 ");
    finish(o, true);
    list(o, LATER);
    stream(o);
    told(o, "( +a 3 +b 1 ( +a 1 +c 20 !b | ");
}

static void a_streamed_list_that_is_forbidden(void **state)
{
    struct owner *o = *state;
    version(o, "31");
    scripted_reply(o->world->server, 403, "", "{\"kind\":\"Status\",\"message\":\"no\",\"code\":403}");
    stream(o);
    start_with(o, false, quick);
    push(o, LIST_END("5"));
    told(o, "( ( | ");
    assert_int_equal(o->troubles, 1);
    contains(asked(o, 2), "&sendInitialEvents=true&");
}

/* ---- closing ---- */

static void closed_in(struct owner *o, int where)
{
    o->close_at = where;
    list(o, LIST("5", "", OBJECT("a", "1") "," OBJECT("b", "2")));
    stream(o);
    start(o);
    while (!o->closed) {
        turn(o);
        if (o->synced && where == 't' && scripted_streaming(o->world->server))
            scripted_finish(o->world->server, true);
        if (o->synced && where == 'r' && scripted_streaming(o->world->server))
            scripted_finish(o->world->server, false);
    }
    settle(o);
}

static void closed_in_relist(void **state)
{
    closed_in(*state, 'l');
}

static void closed_in_upsert(void **state)
{
    closed_in(*state, 'u');
}

static void closed_in_synced(void **state)
{
    closed_in(*state, 's');
}

static void closed_in_trouble(void **state)
{
    closed_in(*state, 't');
}

static void closed_in_restarted(void **state)
{
    closed_in(*state, 'r');
}

static void closed_at_once(void **state)
{
    struct owner *o = *state;
    start(o);
}

static void closed_after_the_kube_began_to(void **state)
{
    struct owner *o = *state;
    begin(o);
    kube_close(o->world->kube, NULL, NULL);
    o->world->kube = NULL;
    settle(o);
    assert_int_equal(o->troubles, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lists_then_watches),
        TEST(goes_on_from_the_last_event),
        TEST(goes_on_from_a_bookmark),
        TEST(a_cut_in_the_middle_of_a_line),
        TEST(gone_as_an_event),
        TEST(gone_as_an_answer),
        TEST(gone_on_a_page),
        TEST(gone_on_page_after_page),
        TEST(an_error_event_is_waited_out),
        TEST(errors_without_end_lead_to_a_list),
        TEST(a_line_that_is_none_leads_to_a_list),
        TEST(silence_is_death),
        TEST(a_quiet_server),
        TEST(a_server_with_another_past),
        TEST(a_quiet_server_that_cannot_be_asked),
        TEST(the_server_goes_and_comes_back),
        TEST(a_version_that_has_gone),
        TEST(what_is_forbidden),
        TEST(does_not_hammer),
        TEST(waits_as_long_as_the_server_asks),
        TEST(large_objects_come_by_smaller_pages),
        TEST(an_object_that_could_not_be_kept),
        TEST(a_list_without_a_version),
        TEST(streams_the_list),
        TEST(falls_back_to_the_cache),
        TEST(a_stream_without_an_end),
        TEST(a_stream_that_does_not_begin),
        TEST(not_asked_of_older_servers),
        TEST(nor_of_those_that_do_not_tell),
        TEST(a_cache_that_is_behind),
        TEST(a_cache_that_will_never_be_there),
        TEST(what_is_no_list_is_asked_for_by_pages),
        TEST(another_past_after_a_lost_connection),
        TEST(another_past_after_a_watch_that_ended_early),
        TEST(falls_back_where_it_is_refused),
        TEST(falls_back_where_it_breaks_off),
        TEST(a_streamed_list_that_is_forbidden),
        TEST(closed_in_relist),
        TEST(closed_in_upsert),
        TEST(closed_in_synced),
        TEST(closed_in_trouble),
        TEST(closed_in_restarted),
        TEST(closed_at_once),
        TEST(closed_after_the_kube_began_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
