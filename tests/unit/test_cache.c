/* SPDX-License-Identifier: Apache-2.0 */
/* The cache against a scripted server: what it holds and tells through lists, events and gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cache/cache.h"
#include "cache_synced.h"
#include "kube_server.h"

struct told {
    struct cache *cache;
    struct buf text; /* "+a/x", "~a/x", "-a/x" with ' for those of a list; "|" synced */
    struct buf before;
    unsigned synced, troubles;
    int close_at; /* '+', '~', '-', '|', 't' */
    bool closed;
    struct error error;
    uint32_t slot;
};

struct world {
    struct kube_world kube;
    struct told told;
    struct cache *cache;
    struct cache_options options;
    struct buf bytes;
};

static void was_closed(void *data)
{
    struct told *t = data;
    t->closed = true;
}

static void close_if(struct told *t, int at)
{
    if (t->close_at != at || !t->cache)
        return;
    cache_close(t->cache, was_closed, t);
    t->cache = NULL;
}

static void event(void *data, const struct cache_event *e)
{
    struct told *t = data;
    assert_non_null(t->cache);
    assert_true(cache_holds(t->cache, e->slot));
    assert_true(str_eq(e->name, cache_name(t->cache, e->slot)));
    buf_printf(&t->text, "%c%.*s/%.*s%s ", "+~-"[e->change], (int)e -> name_space.len, e->name_space.ptr,
               (int)e->name.len, e->name.ptr, e->initial ? "'" : "");
    assert_true((e->change == CACHE_DELETED) == !e->after);
    const struct mpijob_view *before = cache_before(t->cache, e);
    assert_true((e->change == CACHE_ADDED) == !before);
    buf_reset(&t->before);
    if (before)
        buf_add_str(&t->before, before->object.text);
    uint32_t slot;
    if (e->change == CACHE_DELETED)
        assert_false(cache_find(t->cache, e->name_space, e->name, &slot));
    t->slot = e->slot;
    close_if(t, "+~-"[e->change]);
}

static void synced(void *data)
{
    struct told *t = data;
    assert_non_null(t->cache);
    assert_true(cache_scopes(t->cache) > 1 || all_synced(t->cache));
    t->synced++;
    buf_puts(&t->text, "| ");
    close_if(t, '|');
}

static void trouble(void *data, const struct error *err)
{
    struct told *t = data;
    assert_non_null(t->cache);
    t->troubles++;
    t->error = *err;
    close_if(t, 't');
}

static int setup(void **state)
{
    static struct world w;
    w = (struct world){0};
    kube_world_open(&w.kube);
    kube_world_connect(&w.kube);
    w.options = (struct cache_options){
        .loop = &w.kube.loop,
        .kube = w.kube.kube,
        .resource = {"kubeflow.org", "v2beta1", "mpijobs"},
        .target = {MPIJOB_V2BETA1, CONTROLLER_MPI_OPERATOR, KIND_MPIJOB},
        .by_pages = true,
        .timing = {.backoff_ms = 1, .backoff_most_ms = 2},
        .event = event,
        .synced = synced,
        .trouble = trouble,
        .data = &w.told,
    };
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    if (w->told.cache)
        cache_close(w->told.cache, was_closed, &w->told);
    while (w->cache && !w->told.closed)
        uv_run(&w->kube.loop, UV_RUN_ONCE);
    kube_world_close(&w->kube);
    buf_free(&w->told.text);
    buf_free(&w->told.before);
    buf_free(&w->bytes);
    return 0;
}

static void start(struct world *w)
{
    assert_int_equal(cache_new(&w->options, &w->cache, NULL), 0);
    w->told.cache = w->cache;
    assert_false(all_synced(w->cache));
    assert_int_equal(cache_scope(w->cache, 0).silence_us, -1);
    assert_int_equal(cache_start(w->cache, NULL), 0);
}

static void turn(struct world *w)
{
    uv_run(&w->kube.loop, UV_RUN_ONCE);
}

static void told(struct world *w, const char *text)
{
    for (int i = 0; i < 20000 && w->told.text.len < strlen(text); i++)
        turn(w);
    if (!w->told.text.ptr || strcmp(w->told.text.ptr, text) != 0)
        fail_msg("it was told \"%s\", not \"%s\" (last trouble: %s)", w->told.text.ptr ? w->told.text.ptr : "", text,
                 w->told.error.message);
}

/* The next thing that is told. */
static void then(struct world *w, const char *text)
{
    buf_reset(&w->told.text);
    told(w, text);
}

#define JOB(space, name, uid, version, rest)                                                                           \
    "{\"apiVersion\":\"kubeflow.org/v2beta1\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"" name                      \
    "\",\"namespace\":\"" space "\",\"uid\":\"" uid "\",\"resourceVersion\":\"" version "\"}" rest "}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define LIST(version, items) "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define GONE                                                                                                           \
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"message\":\"too "                                           \
    "old\",\"reason\":\"Expired\",\"code\":410}}\n"

static void list(struct world *w, const char *body)
{
    scripted_reply(w->kube.server, 200, "", body);
}

static void stream(struct world *w)
{
    scripted_stream(w->kube.server);
}

static void push(struct world *w, const char *text)
{
    while (!scripted_streaming(w->kube.server))
        turn(w);
    scripted_push(w->kube.server, text, strlen(text));
}

static size_t count(const struct cache *cache)
{
    struct cache_stats stats;
    cache_stats(cache, &stats);
    return stats.jobs;
}

static uint32_t slot_of(struct world *w, const char *space, const char *name)
{
    uint32_t slot;
    if (!cache_find(w->cache, str_of(space), str_of(name), &slot))
        fail_msg("%s/%s is not there", space, name);
    assert_true(cache_holds(w->cache, slot));
    return slot;
}

static void holds(struct world *w, const char *space, const char *name, const char *object)
{
    struct mpijob_view view;
    assert_int_equal(cache_view(w->cache, slot_of(w, space, name), &w->bytes, &view, NULL), 0);
    assert_string_equal(w->bytes.ptr, object);
}

static void begin(struct world *w)
{
    list(w, LIST("9", JOB("a", "x", "u1", "1", "") "," JOB("a", "y", "u2", "2", "") "," JOB("b", "x", "u3", "3", "")));
    stream(w);
    start(w);
    told(w, "+a/x' +a/y' +b/x' | ");
}

static void lists_and_follows(void **state)
{
    struct world *w = *state;
    begin(w);
    assert_int_equal(count(w->cache), 3);
    assert_in_range(cache_scope(w->cache, 0).silence_us, 0, 60000000);
    push(w, EVENT("MODIFIED", JOB("a", "x", "u1", "10", ",\"spec\":{}")));
    then(w, "~a/x ");
    assert_string_equal(w->told.before.ptr, JOB("a", "x", "u1", "1", ""));
    holds(w, "a", "x", JOB("a", "x", "u1", "10", ",\"spec\":{}"));
    push(w, EVENT("DELETED", JOB("a", "y", "u2", "11", "")) EVENT("ADDED", JOB("c", "z", "u4", "12", "")));
    then(w, "-a/y +c/z ");
    assert_int_equal(count(w->cache), 3);
    holds(w, "b", "x", JOB("b", "x", "u3", "3", ""));
    uint32_t slot;
    assert_false(cache_find(w->cache, str_of("a"), str_of("y"), &slot));
    assert_false(cache_find(w->cache, str_of("q"), str_of("y"), &slot));
}

static void slots_are_used_again(void **state)
{
    struct world *w = *state;
    begin(w);
    uint32_t slot = slot_of(w, "a", "y");
    push(w, EVENT("DELETED", JOB("a", "y", "u2", "11", "")) EVENT("ADDED", JOB("c", "z", "u4", "12", "")));
    then(w, "-a/y +c/z ");
    assert_int_equal(slot_of(w, "c", "z"), slot);
    assert_int_equal(cache_slots(w->cache), 3);
}

static void one_made_anew_is_another(void **state)
{
    struct world *w = *state;
    begin(w);
    push(w, EVENT("MODIFIED", JOB("a", "x", "u9", "10", "")));
    then(w, "-a/x +a/x ");
    push(w, EVENT("DELETED", JOB("a", "x", "u1", "8", ""))); /* of the one before */
    push(w, EVENT("MODIFIED", JOB("a", "y", "u2", "12", "")));
    then(w, "~a/y ");
    holds(w, "a", "x", JOB("a", "x", "u9", "10", ""));
}

static void what_repeats_or_is_older_is_no_event(void **state)
{
    struct world *w = *state;
    struct cache_stats stats;
    begin(w);
    push(w, EVENT("ADDED", JOB("a", "x", "u1", "1", "")) EVENT("MODIFIED", JOB("b", "x", "u3", "2", ",\"old\":1"))
                EVENT("MODIFIED", JOB("a", "x", "u1", "10", "")) EVENT("MODIFIED", JOB("a", "x", "u1", "10", "")));
    push(w, EVENT("DELETED", JOB("q", "q", "u1", "11", "")) EVENT("DELETED", JOB("a", "y", "u2", "12", "")));
    then(w, "~a/x -a/y ");
    holds(w, "b", "x", JOB("b", "x", "u3", "3", ""));
    cache_stats(w->cache, &stats);
    assert_int_equal(stats.stale, 1);
}

static void versions_need_not_be_numbers(void **state)
{
    struct world *w = *state;
    list(w, LIST("9", JOB("a", "x", "u1", "abc", "") "," JOB("a", "y", "u2", "99999999999999999999999", "")));
    stream(w);
    start(w);
    told(w, "+a/x' +a/y' | ");
    push(w, EVENT("MODIFIED", JOB("a", "x", "u1", "abc", "")) EVENT("MODIFIED", JOB("a", "x", "u1", "abd", ""))
                EVENT("MODIFIED", JOB("a", "y", "u2", "11111111111111111111111", "")));
    then(w, "~a/x ~a/y ");
}

static void a_missed_deletion_is_told(void **state)
{
    struct world *w = *state;
    begin(w);
    push(w, GONE);
    list(w,
         LIST("30", JOB("a", "x", "u1", "1", "") "," JOB("a", "y", "u7", "20", "") "," JOB("d", "n", "u8", "21", "")));
    stream(w);
    then(w, "-a/y' +a/y' +d/n' -b/x' | ");
    assert_int_equal(count(w->cache), 3);
    assert_int_equal(w->told.troubles, 0);
    struct cache_stats stats;
    cache_stats(w->cache, &stats);
    assert_int_equal(stats.restarts[KUBE_WATCH_EXPIRED], 1);
    assert_int_equal(stats.lists, 2);
}

/* ---- so many lists in a row that marks of eight bits come round ---- */

#define A_X JOB("a", "x", "u1", "1", "")
#define A_Y JOB("a", "y", "u2", "2", "")
#define B_X JOB("b", "x", "u3", "3", "")
#define PAGE(items) "{\"metadata\":{\"continue\":\"more\"},\"items\":[" items "]}"

/* Each attempt shows the page, if there is one, and fails then. */
static void lists_fail(struct world *w, unsigned attempts, const char *page)
{
    for (unsigned i = 0; i < attempts; i++) {
        if (page)
            list(w, page);
        scripted_reply(w->kube.server, 403, "", "");
    }
}

/* All that is told up to the end of the next list that succeeds. */
static void list_tells(struct world *w, const char *text)
{
    unsigned before = w->told.synced;
    buf_reset(&w->told.text);
    push(w, GONE);
    while (w->told.synced == before)
        turn(w);
    assert_string_equal(w->told.text.ptr, text);
}

static void a_deletion_amid_lists_that_fail(void **state)
{
    struct world *w = *state;
    begin(w);
    lists_fail(w, 255, NULL);
    list(w, LIST("30", A_X "," B_X));
    stream(w);
    list_tells(w, "-a/y' | ");
    assert_int_equal(w->told.troubles, 255);
    assert_int_equal(count(w->cache), 2);
}

static void a_deletion_amid_lists_that_fail_half_way(void **state)
{
    struct world *w = *state;
    begin(w);
    lists_fail(w, 1, PAGE(A_X "," A_Y));
    lists_fail(w, 255, PAGE(A_X));
    list(w, LIST("30", A_X "," B_X));
    stream(w);
    list_tells(w, "-a/y' | ");
    lists_fail(w, 300, PAGE(A_X "," B_X)); /* and nothing is told of those that are there all the time */
    list(w, LIST("40", A_X "," B_X));
    stream(w);
    list_tells(w, "| ");
    assert_int_equal(count(w->cache), 2);
}

/* Namespace a fails while b is in the middle of its list, whose second page comes when a's list is complete. */
static void answer_by_namespace(void *data, unsigned count)
{
    struct world *w = data;
    const char *request = scripted_request(w->kube.server, count - 1);
    bool of_b = strstr(request, "/namespaces/b/") != NULL;
    if (strstr(request, "watch=1")) {
        if (!of_b) {
            push(w, LIST("9", ""));
            scripted_finish(w->kube.server, false);
        }
        stream(w);
    } else if (of_b && strstr(request, "continue=")) {
        stream(w);
    } else if (of_b) {
        list(w, PAGE(B_X));
    } else if (count < 300) {
        scripted_reply(w->kube.server, 403, "", "");
    } else {
        list(w, LIST("9", A_X));
    }
}

static void a_list_is_not_disturbed_by_another_namespace(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    struct world *w = *state;
    w->options.namespaces = names;
    scripted_on_request(w->kube.server, answer_by_namespace, w);
    start(w);
    while (!all_synced(w->cache))
        turn(w);
    assert_string_equal(w->told.text.ptr, "+b/x' +a/x' | | ");
    assert_int_equal(w->told.synced, 2);
}

/* etcd was restored from a backup: a list with smaller numbers is true all the same. */
static void a_list_is_the_truth(void **state)
{
    struct world *w = *state;
    begin(w);
    push(w, EVENT("MODIFIED", JOB("a", "x", "u1", "50", "")));
    then(w, "~a/x ");
    push(w, GONE);
    list(w, LIST("7", JOB("a", "x", "u1", "1", "")));
    stream(w);
    then(w, "~a/x' -a/y' -b/x' | ");
    holds(w, "a", "x", JOB("a", "x", "u1", "1", ""));
}

static void objects_stay_as_they_are(void **state)
{
    static const char odd[] =
        "{\"kind\" : \"MPIJob\",\"apiVersion\":\"kubeflow.org/v2beta1\",\n "
        "\"metadata\":{\"namespace\":\"a\",\"name\":\"odd\","
        "\"uid\":\"u\",\"resourceVersion\":\"5\"},\"spec\":{\"a\":1.0,\"b\":1e400,\"c\":9007199254740993,\"d\":[],"
        "\"e\":{},\"f\":\"\\u003c\\ud83d\\ude00\\/\\u0000\",\"a\":0.30000000000000004,\"\":-0}}";
    struct world *w = *state;
    struct buf body = BUF_INIT, huge = BUF_INIT;
    buf_puts(&huge,
             "{\"kind\":\"MPIJob\",\"apiVersion\":\"kubeflow.org/v2beta1\",\"metadata\":{\"namespace\":\"a\",\"name\":"
             "\"huge\",\"uid\":\"h\",\"resourceVersion\":\"6\"},\"x\":\"");
    for (int i = 0; i < 1500000; i++)
        buf_putc(&huge, (char)('a' + i % 1009 * 7919 % 26));
    buf_puts(&huge, "\"}");
    buf_printf(&body, "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[%s,%s]}", odd, huge.ptr);
    list(w, body.ptr);
    stream(w);
    start(w);
    told(w, "+a/odd' +a/huge' | ");
    holds(w, "a", "odd", odd);
    holds(w, "a", "huge", huge.ptr);
    buf_free(&body);
    buf_free(&huge);
}

static void what_is_no_job_is_left_out(void **state)
{
    struct world *w = *state;
    struct cache_stats stats;
    list(w,
         LIST("9", "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}},{\"metadata\":{}}," JOB("a", "x", "u1", "1", "")));
    stream(w);
    start(w);
    told(w, "+a/x' | ");
    cache_stats(w->cache, &stats);
    assert_int_equal(stats.unreadable, 2);
    assert_int_equal(stats.jobs, 1);
}

static void several_namespaces(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    struct world *w = *state;
    w->options.namespaces = names;
    w->options.label_selector = "team=x";
    list(w, LIST("9", JOB("a", "x", "u1", "1", "")));
    list(w, LIST("9", JOB("b", "x", "u2", "2", "")));
    stream(w);
    stream(w);
    start(w);
    while (!all_synced(w->cache))
        turn(w);
    assert_int_equal(count(w->cache), 2);
    assert_non_null(
        strstr(scripted_request(w->kube.server, 0), "/namespaces/a/mpijobs?labelSelector=team%3Dx&limit=500 "));
    assert_non_null(
        strstr(scripted_request(w->kube.server, 1), "/namespaces/b/mpijobs?labelSelector=team%3Dx&limit=500 "));
    while (scripted_count(w->kube.server) < 4)
        turn(w);
    /* A fresh list of one says nothing about the other. */
    bool first = strstr(scripted_request(w->kube.server, 3), "/namespaces/a/") != NULL;
    list(w, LIST("30", ""));
    stream(w);
    push(w, GONE);
    then(w, first ? "-a/x' | " : "-b/x' | ");
    assert_int_equal(count(w->cache), 1);
}

static void serves_through_trouble(void **state)
{
    struct world *w = *state;
    begin(w);
    while (!scripted_streaming(w->kube.server))
        turn(w);
    scripted_finish(w->kube.server, true);
    for (int i = 0; i < 3; i++)
        scripted_act(w->kube.server, SCRIPTED_RESET);
    list(w, LIST("1000", "")); /* the server's version is not lower than ours */
    stream(w);
    while (scripted_count(w->kube.server) < 7)
        turn(w);
    assert_int_equal(w->told.troubles, 1);
    assert_true(all_synced(w->cache));
    holds(w, "a", "x", JOB("a", "x", "u1", "1", ""));
    push(w, EVENT("DELETED", JOB("a", "x", "u1", "10", "")));
    then(w, "-a/x ");
    assert_null(cache_scope(w->cache, 0).trouble);
}

static void a_version_that_is_served_no_more(void **state)
{
    struct world *w = *state;
    scripted_reply(w->kube.server, 404, "", "404 page not found\n");
    w->told.close_at = 't';
    start(w);
    while (!w->told.closed)
        turn(w);
    assert_int_equal(w->told.error.status, 404);
}

/* ---- our own writes ---- */

static struct json parsed(const char *text)
{
    struct json root;
    assert_int_equal(json_parse(str_of(text), "it", &root, NULL), 0);
    return root;
}

static void our_own_write(void **state)
{
    struct world *w = *state;
    begin(w);
    cache_offer(w->cache, parsed(JOB("a", "x", "u1", "20", "")));
    told(w, "+a/x' +a/y' +b/x' | ~a/x ");
    cache_offer(w->cache, parsed(JOB("a", "x", "u1", "19", "")));  /* older */
    cache_offer(w->cache, parsed(JOB("a", "x", "u9", "21", "")));  /* another */
    cache_offer(w->cache, parsed(JOB("a", "zz", "u1", "21", ""))); /* not there */
    cache_offer(w->cache, parsed("{}"));
    push(w, EVENT("MODIFIED", JOB("a", "x", "u1", "15", "")) EVENT("MODIFIED", JOB("a", "x", "u1", "20", ""))
                EVENT("MODIFIED", JOB("a", "x", "u1", "22", "")));
    then(w, "~a/x ");
    holds(w, "a", "x", JOB("a", "x", "u1", "22", ""));
}

/* ---- candidates ---- */

#define LABELLED(name, version, labels)                                                                                \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"a\",\"uid\":\"" name "\",\"resourceVersion\":\"" version     \
    "\",\"labels\":{" labels "}}}"

static void candidates(struct world *w, struct mpijob_match *match, const char *names)
{
    struct cache_iter iter;
    struct buf text = BUF_INIT;
    struct mpijob_view view;
    uint32_t slot;
    for (cache_iter_begin(w->cache, match, &iter); cache_iter_next(&iter, &slot);) {
        assert_int_equal(cache_view(w->cache, slot, &w->bytes, &view, NULL), 0);
        if (!match || mpijob_match_eval(match, &view, 0, NULL))
            buf_printf(&text, "%.*s ", (int)view.name.len, view.name.ptr);
    }
    cache_iter_end(&iter);
    assert_string_equal(text.ptr ? text.ptr : "", names);
    buf_free(&text);
    mpijob_match_free(match);
}

static struct mpijob_match *labelled(const char *selector)
{
    struct mpijob_match *m = mpijob_match_new();
    assert_int_equal(mpijob_match_labels(m, selector, NULL), 0);
    return m;
}

static void finds_candidates(void **state)
{
    struct world *w = *state;
    list(
        w,
        LIST("9",
             LABELLED("l1", "1", "\"team\":\"x\",\"n\":\"5\"") "," LABELLED(
                 "l2", "2",
                 "\"t\\u0065am\":\"\\u0078\"") "," LABELLED("l3", "3",
                                                            "\"team\":\"y\"") "," LABELLED("l4", "4",
                                                                                           "") "," JOB("b", "f1", "u",
                                                                                                       "5",
                                                                                                       ",\"status\":{"
                                                                                                       "\"conditions\":"
                                                                                                       "[{\"type\":"
                                                                                                       "\"Failed\","
                                                                                                       "\"status\":"
                                                                                                       "\"True\"}]}")));
    stream(w);
    start(w);
    told(w, "+a/l1' +a/l2' +a/l3' +a/l4' +b/f1' | ");
    candidates(w, NULL, "l1 l2 l3 l4 f1 ");
    candidates(w, mpijob_match_new(), "l1 l2 l3 l4 f1 ");
    candidates(w, labelled("team=x"), "l1 l2 ");
    candidates(w, labelled("team in (x,y)"), "l1 l2 l3 ");
    candidates(w, labelled("team"), "l1 l2 l3 ");
    candidates(w, labelled("!team"), "l4 f1 ");
    candidates(w, labelled("team!=x"), "l3 l4 f1 ");
    candidates(w, labelled("team,team!=x"), "l3 ");
    candidates(w, labelled("team=x,n>4"), "l1 ");
    candidates(w, labelled("team=none"), "");
    struct mpijob_match *m = mpijob_match_new();
    mpijob_match_phase(m, "Failed", NULL);
    candidates(w, m, "f1 ");
    m = mpijob_match_new();
    mpijob_match_namespace(m, "b", NULL);
    candidates(w, m, "f1 ");
    m = mpijob_match_new();
    mpijob_match_name(m, "*3", NULL);
    candidates(w, m, "l3 ");
    assert_int_equal(cache_phase(w->cache, slot_of(w, "b", "f1")), PHASE_FAILED);
}

static void an_iteration_over_changes(void **state)
{
    struct world *w = *state;
    struct cache_iter iter;
    struct mpijob_match *match = mpijob_match_new();
    uint32_t slot;
    mpijob_match_namespace(match, "a", NULL);
    mpijob_match_namespace(match, "c", NULL);
    list(w, LIST("9", JOB("q", "x", "u1", "1", "") "," JOB("a", "y", "u2", "2", "") "," JOB("a", "z", "u3", "3", "")));
    stream(w);
    start(w);
    told(w, "+q/x' +a/y' +a/z' | ");
    cache_iter_begin(w->cache, match, &iter);
    assert_true(cache_iter_next(&iter, &slot));
    assert_int_equal(slot, slot_of(w, "a", "y"));
    /* Namespace q goes, and its number is now c's. */
    push(w, EVENT("DELETED", JOB("q", "x", "u1", "10", "")) EVENT("DELETED", JOB("a", "z", "u3", "11", ""))
                EVENT("ADDED", JOB("c", "n", "u4", "12", "")));
    then(w, "-q/x -a/z +c/n ");
    assert_true(cache_iter_next(&iter, &slot));
    assert_int_equal(slot, slot_of(w, "c", "n"));
    assert_false(cache_iter_next(&iter, &slot));
    cache_iter_end(&iter);
    mpijob_match_free(match);
}

/* ---- closing ---- */

static void closed_at(struct world *w, int where)
{
    w->told.close_at = where;
    list(w, LIST("9", JOB("a", "x", "u1", "1", "") "," JOB("a", "y", "u2", "2", "")));
    stream(w);
    start(w);
    while (!w->told.closed) {
        turn(w);
        if (w->told.synced == 1 && scripted_streaming(w->kube.server)) {
            push(w, EVENT("MODIFIED", JOB("a", "x", "u1", "3", "")) EVENT("DELETED", JOB("a", "x", "u1", "4", "")));
            w->told.synced++;
        }
    }
}

static void closed_when_added(void **state)
{
    closed_at(*state, '+');
}

static void closed_when_changed(void **state)
{
    closed_at(*state, '~');
}

static void closed_when_deleted(void **state)
{
    closed_at(*state, '-');
}

static void closed_when_synced(void **state)
{
    closed_at(*state, '|');
}

static void closed_before_it_started(void **state)
{
    struct world *w = *state;
    assert_int_equal(cache_new(&w->options, &w->cache, NULL), 0);
    w->told.cache = w->cache;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lists_and_follows),
        TEST(slots_are_used_again),
        TEST(one_made_anew_is_another),
        TEST(what_repeats_or_is_older_is_no_event),
        TEST(versions_need_not_be_numbers),
        TEST(a_missed_deletion_is_told),
        TEST(a_deletion_amid_lists_that_fail),
        TEST(a_deletion_amid_lists_that_fail_half_way),
        TEST(a_list_is_not_disturbed_by_another_namespace),
        TEST(a_list_is_the_truth),
        TEST(objects_stay_as_they_are),
        TEST(what_is_no_job_is_left_out),
        TEST(several_namespaces),
        TEST(serves_through_trouble),
        TEST(a_version_that_is_served_no_more),
        TEST(our_own_write),
        TEST(finds_candidates),
        TEST(an_iteration_over_changes),
        TEST(closed_when_added),
        TEST(closed_when_changed),
        TEST(closed_when_deleted),
        TEST(closed_when_synced),
        TEST(closed_before_it_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
