/* SPDX-License-Identifier: Apache-2.0 */
/* One watch: what it tells, and every way in which it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kube/watch.h"
#include "kube_server.h"
#include "moved_clock.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};

struct watcher {
    struct kube_world *world;
    struct kube_watch *watch;
    struct buf seen; /* type, version and object of each event, a line each */
    size_t events, cancel_at;
    unsigned ends;
    enum kube_watch_end why;
    struct error error;
};

static int open_world(void **state, void (*change)(struct kube_world *world))
{
    static struct kube_world world;
    static struct watcher watcher;
    kube_world_open(&world);
    if (change)
        change(&world);
    kube_world_connect(&world);
    watcher = (struct watcher){.world = &world};
    *state = &watcher;
    return 0;
}

static int setup(void **state)
{
    return open_world(state, NULL);
}

static int teardown(void **state)
{
    struct watcher *w = *state;
    kube_world_close(w->world);
    buf_free(&w->seen);
    return 0;
}

static void event(void *data, const struct kube_event *e)
{
    struct watcher *w = data;
    static const char letters[] = "AMDBE";
    assert_int_equal(w->ends, 0);
    buf_printf(&w->seen, "%c %.*s ", letters[e->type], (int)e->version.len, e->version.ptr);
    buf_add_str(&w->seen, e->object.text);
    buf_putc(&w->seen, '\n');
    if (++w->events == w->cancel_at) {
        kube_watch_cancel(w->watch);
        w->ends = 1;
    }
}

static void ended(void *data, enum kube_watch_end why, const struct error *err)
{
    struct watcher *w = data;
    assert_int_equal(w->ends, 0);
    assert_true((why == KUBE_WATCH_ENDED) == !err);
    w->ends++;
    w->why = why;
    w->watch = NULL;
    if (err)
        w->error = *err;
}

static void start(struct watcher *w, struct kube_watch_call call)
{
    call.resource = &jobs;
    call.event = event;
    call.ended = ended;
    call.data = w;
    assert_int_equal(kube_watch(w->world->kube, &call, &w->watch, NULL), 0);
    assert_int_equal(w->ends, 0);
}

static void turn(struct watcher *w)
{
    uv_run(&w->world->loop, UV_RUN_ONCE);
}

static void wait_for_stream(struct watcher *w)
{
    while (!scripted_streaming(w->world->server))
        turn(w);
}

static void wait_for_events(struct watcher *w, size_t n)
{
    while (w->events < n && !w->ends)
        turn(w);
    assert_int_equal(w->events, n);
}

static void wait_for_end(struct watcher *w, enum kube_watch_end why)
{
    while (!w->ends)
        turn(w);
    if (w->why != why)
        fail_msg("it ended as \"%s\": %s", kube_watch_end_name(w->why), w->error.message);
}

static void push(struct watcher *w, const char *text)
{
    scripted_push(w->world->server, text, strlen(text));
}

/* A watch that is open. */
static void begin(struct watcher *w)
{
    scripted_stream(w->world->server);
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_stream(w);
}

static void contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text ? text : "(nothing)");
}

#define ADDED(version) "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"

static void asks_as_it_should(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 200, "", "");
    start(w, (struct kube_watch_call){.name_space = "a",
                                      .label_selector = "x in (y)",
                                      .field_selector = "metadata.name=b",
                                      .resource_version = "12",
                                      .timeout_s = 300});
    wait_for_end(w, KUBE_WATCH_ENDED);
    contains(scripted_request(w->world->server, 0),
             "GET /apis/kubeflow.org/v1/namespaces/a/mpijobs?labelSelector=x%20in%20%28y%29&fieldSelector=metadata."
             "name%3Db&resourceVersion=12&watch=1&allowWatchBookmarks=true&timeoutSeconds=300 HTTP/1.1\r\n");
}

static void asks_for_the_present_objects_first(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 200, "", "");
    start(w, (struct kube_watch_call){.resource_version = "12", .initial_events = true});
    wait_for_end(w, KUBE_WATCH_ENDED);
    contains(scripted_request(w->world->server, 0), "mpijobs?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&"
                                                    "resourceVersionMatch=NotOlderThan HTTP/1.1\r\n");
}

static void tells_events_in_order(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, ADDED("8") "{\"object\":{\"a\" : 1.0,\"metadata\":{\"resourceVersion\":\"9\"}},\"type\":\"MODIFIED\"}\r\n"
                       "\n");
    wait_for_events(w, 2);
    push(w, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"resourceVersion\":\"10\"},\"t\":\"\\u0041\\/\"}}\n"
            "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"11\"}}}\n");
    wait_for_events(w, 4);
    assert_string_equal(w->seen.ptr, "A 8 {\"metadata\":{\"resourceVersion\":\"8\"}}\n"
                                     "M 9 {\"a\" : 1.0,\"metadata\":{\"resourceVersion\":\"9\"}}\n"
                                     "D 10 {\"metadata\":{\"resourceVersion\":\"10\"},\"t\":\"\\u0041\\/\"}\n"
                                     "B 11 {\"metadata\":{\"resourceVersion\":\"11\"}}\n");
    scripted_finish(w->world->server, false);
    wait_for_end(w, KUBE_WATCH_ENDED);
}

static void lines_may_come_in_any_pieces(void **state)
{
    struct watcher *w = *state;
    static const char text[] = ADDED("8") ADDED("9") ADDED("10");
    begin(w);
    for (const char *p = text; *p; p++)
        scripted_push(w->world->server, p, 1);
    wait_for_events(w, 3);
    contains(w->seen.ptr, "A 10 {");
    scripted_finish(w->world->server, false);
    wait_for_end(w, KUBE_WATCH_ENDED);
}

static void knows_the_bookmark_after_the_initial_events(void **state)
{
    (void)state;
    struct kube_event e = {.type = KUBE_BOOKMARK};
    json_parse(str_of("{\"metadata\":{\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}"), "it", &e.object,
               NULL);
    assert_true(kube_event_ends_list(&e));
    e.type = KUBE_ADDED;
    assert_false(kube_event_ends_list(&e));
    e.type = KUBE_BOOKMARK;
    json_parse(str_of("{\"metadata\":{}}"), "it", &e.object, NULL);
    assert_false(kube_event_ends_list(&e));
}

static void a_burst_of_ten_thousand(void **state)
{
    struct watcher *w = *state;
    struct buf text = BUF_INIT;
    begin(w);
    for (int i = 0; i < 10000; i++)
        buf_printf(&text, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"%d\"}}}\n", 100 + i);
    scripted_push(w->world->server, text.ptr, text.len);
    buf_free(&text);
    wait_for_events(w, 10000);
    contains(w->seen.ptr, "M 10099 ");
    kube_watch_cancel(w->watch);
}

static void a_large_object(void **state)
{
    struct watcher *w = *state;
    struct buf text = BUF_INIT;
    begin(w);
    buf_puts(&text, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"8\"},\"x\":\"");
    for (int i = 0; i < 3 << 20; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "\"}}\n");
    scripted_push(w->world->server, text.ptr, text.len);
    buf_free(&text);
    push(w, ADDED("9"));
    wait_for_events(w, 2);
    assert_true(w->seen.len > 3 << 20);
    kube_watch_cancel(w->watch);
}

static void a_line_that_is_too_long(void **state)
{
    struct watcher *w = *state;
    scripted_stream(w->world->server);
    start(w, (struct kube_watch_call){.line_max = 100});
    wait_for_stream(w);
    push(w, ADDED("8") "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"},\"x\":\"");
    push(w, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789");
    wait_for_end(w, KUBE_WATCH_GARBLED);
    assert_int_equal(w->events, 1);
    contains(w->error.message, "line 2 of the watch is longer than the limit of 100 bytes");
}

static void no_memory_is_kept_of_a_large_line(void **state)
{
    (void)state;
    /* Seen at the lines themselves: what a stream holds between two events. */
    struct watch_lines lines;
    char *text = malloc(1 << 20);
    memset(text, ' ', 1 << 20);
    watch_lines_init(&lines, 4 << 20);
    assert_int_equal(watch_lines_feed(&lines, text, 1 << 20, NULL, NULL, NULL), 0);
    assert_int_equal(watch_lines_feed(&lines, "\n", 1, NULL, NULL, NULL), 0);
    assert_int_equal(lines.part.cap, 0);
    watch_lines_free(&lines);
    free(text);
}

static void ends_amid_a_line(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, ADDED("8") "{\"type\":\"MODIFIED\",\"obj");
    wait_for_events(w, 1);
    scripted_finish(w->world->server, false);
    wait_for_end(w, KUBE_WATCH_CUT);
    contains(w->error.message, "the watch ended in the middle of a line");
}

static void the_connection_is_lost(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, ADDED("8"));
    wait_for_events(w, 1);
    scripted_finish(w->world->server, true);
    wait_for_end(w, KUBE_WATCH_CUT);
    contains(w->error.message, "cut short");
}

static void nobody_listens(void **state)
{
    struct watcher *w = *state;
    scripted_act(w->world->server, SCRIPTED_RESET);
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_REFUSED);
    assert_int_equal(w->error.code, ERR_UNREACHABLE);
}

static void silence_is_death(void **state)
{
    struct watcher *w = *state;
    scripted_stream(w->world->server);
    start(w, (struct kube_watch_call){.silence_ms = 50000});
    wait_for_stream(w);
    push(w, ADDED("8"));
    wait_for_events(w, 1);
    assert_true(kube_watch_heard(w->watch) > 0);
    clock_jumps(true);
    wait_for_end(w, KUBE_WATCH_SILENT);
    clock_jumps(false);
    contains(w->error.message, "not a byte came for 50000 ms");
}

static void silence_before_the_answer(void **state)
{
    struct watcher *w = *state;
    scripted_act(w->world->server, SCRIPTED_SILENT);
    start(w, (struct kube_watch_call){.silence_ms = 50000});
    clock_jumps(true);
    wait_for_end(w, KUBE_WATCH_SILENT);
    clock_jumps(false);
}

#define STATUS(code, reason, message)                                                                                  \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"" message         \
    "\",\"reason\":\"" reason "\",\"code\":" code "}"

static void gone_as_an_event(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, "{\"type\":\"ERROR\",\"object\":" STATUS("410", "Expired", "too old resource version: 1 (2)") "}\n");
    wait_for_end(w, KUBE_WATCH_EXPIRED);
    assert_int_equal(w->error.status, 410);
    contains(w->error.message, "too old resource version: 1 (2)");
}

static void gone_as_an_answer(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 410, "", STATUS("410", "Gone", "too old"));
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_EXPIRED);
}

static void an_error_event(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, ADDED("8") "{\"type\":\"ERROR\",\"object\":" STATUS("500", "InternalError", "etcdserver: no leader") "}\n");
    wait_for_end(w, KUBE_WATCH_ERROR);
    assert_int_equal(w->events, 1);
    assert_int_equal(w->error.status, 500);
    contains(w->error.message, "etcdserver: no leader");
}

static void an_error_event_without_sense(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, "{\"type\":\"ERROR\",\"object\":{\"code\":\"x\"}}\n");
    wait_for_end(w, KUBE_WATCH_ERROR);
    assert_int_equal(w->error.status, 500);
}

static void other_answers(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 404, "", "404 page not found\n");
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_HTTP);
    assert_int_equal(w->error.status, 404);
    assert_int_equal(w->error.code, ERR_NOT_FOUND);
}

static void what_is_no_event(void **state)
{
    static const char *const lines[] = {
        "{\"type\":\"ADDED\",\"object\":{}\n",
        "{\"type\":\"SOMETHING\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}}}\n",
        "{\"type\":\"ADDED\"}\n",
        "{\"type\":\"ADDED\",\"object\":[]}\n",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"x\"}}}\n",
        "{\"kind\":\"MPIJobList\",\"items\":[]}\n",
        "[]\n",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"},\"a\":01}}\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct watch_lines l;
        struct error err;
        watch_lines_init(&l, 1000);
        assert_int_equal(watch_lines_feed(&l, lines[i], strlen(lines[i]), NULL, NULL, &err), ERR_PROTOCOL);
        contains(err.message, "line 1 of the watch is no event: ");
        watch_lines_free(&l);
    }
}

static void a_login_page(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 200, "", "<html><title>Login</title></html>\n");
    scripted_reply(w->world->server, 200, "", "<html><title>Login</title></html>");
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_GARBLED);
    contains(w->error.message, "titled \"Login\"");
    w->ends = 0; /* and once more without a line's end */
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_GARBLED);
    contains(w->error.message, "titled \"Login\"");
}

static void cancelled_within_an_event(void **state)
{
    struct watcher *w = *state;
    w->cancel_at = 2;
    begin(w);
    push(w, ADDED("8") ADDED("9") ADDED("10"));
    wait_for_events(w, 2);
    for (int i = 0; i < 20; i++)
        uv_run(&w->world->loop, UV_RUN_NOWAIT);
    assert_int_equal(w->events, 2);
}

static void closed_under_way(void **state)
{
    struct watcher *w = *state;
    begin(w);
    push(w, ADDED("8"));
    wait_for_events(w, 1);
    kube_close(w->world->kube, NULL, NULL);
    w->world->kube = NULL;
    wait_for_end(w, KUBE_WATCH_CANCELLED);
}

/* Sixteen requests may be under way at once, and none of them keeps a watch from its connection. */
static void watches_wait_for_no_connection(void **state)
{
    struct watcher *w = *state;
    struct watcher many[40];
    for (size_t i = 0; i < 40; i++) {
        many[i] = (struct watcher){.world = w->world};
        scripted_stream(w->world->server);
        start(&many[i], (struct kube_watch_call){.resource_version = "7"});
    }
    while (scripted_count(w->world->server) < 40)
        turn(w);
    for (size_t i = 0; i < 40; i++)
        kube_watch_cancel(many[i].watch);
}

/* ---- credentials ---- */

static char token_path[64];

static void write_token(const char *token)
{
    FILE *f = fopen(token_path, "w");
    fputs(token, f);
    fclose(f);
}

static void use_token(struct kube_world *world)
{
    snprintf(token_path, sizeof token_path, "/tmp/mpijobd-watch-%d", (int)getpid());
    write_token("first");
    world->config.token_file = str_dup(str_of(token_path));
}

static int setup_token(void **state)
{
    return open_world(state, use_token);
}

static int teardown_token(void **state)
{
    unlink(token_path);
    return teardown(state);
}

static void a_token_that_was_rotated(void **state)
{
    struct watcher *w = *state;
    write_token("second");
    scripted_reply(w->world->server, 401, "", STATUS("401", "Unauthorized", "Unauthorized"));
    scripted_reply(w->world->server, 200, "", ADDED("8"));
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_ENDED);
    assert_int_equal(w->events, 1);
    contains(scripted_request(w->world->server, 0), "Authorization: Bearer first\r\n");
    contains(scripted_request(w->world->server, 1), "Authorization: Bearer second\r\n");
}

static void a_token_that_is_refused(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 401, "", STATUS("401", "Unauthorized", "Unauthorized"));
    start(w, (struct kube_watch_call){.resource_version = "7"});
    wait_for_end(w, KUBE_WATCH_HTTP);
    assert_int_equal(w->error.status, 401);
    contains(w->error.message, "the server does not know our credentials (a test)");
    assert_int_equal(scripted_count(w->world->server), 1);
}

static void closed_while_the_token_is_read(void **state)
{
    struct watcher *w = *state;
    scripted_reply(w->world->server, 401, "", STATUS("401", "Unauthorized", "Unauthorized"));
    start(w, (struct kube_watch_call){.resource_version = "7"});
    while (scripted_count(w->world->server) < 1)
        turn(w);
    kube_watch_cancel(w->watch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TOKEN_TEST(name) cmocka_unit_test_setup_teardown(name, setup_token, teardown_token)
    const struct CMUnitTest tests[] = {
        TEST(asks_as_it_should),
        TEST(asks_for_the_present_objects_first),
        TEST(tells_events_in_order),
        TEST(lines_may_come_in_any_pieces),
        cmocka_unit_test(knows_the_bookmark_after_the_initial_events),
        TEST(a_burst_of_ten_thousand),
        TEST(a_large_object),
        TEST(a_line_that_is_too_long),
        cmocka_unit_test(no_memory_is_kept_of_a_large_line),
        TEST(ends_amid_a_line),
        TEST(the_connection_is_lost),
        TEST(nobody_listens),
        TEST(silence_is_death),
        TEST(silence_before_the_answer),
        TEST(gone_as_an_event),
        TEST(gone_as_an_answer),
        TEST(an_error_event),
        TEST(an_error_event_without_sense),
        TEST(other_answers),
        cmocka_unit_test(what_is_no_event),
        TEST(a_login_page),
        TEST(cancelled_within_an_event),
        TEST(closed_under_way),
        TEST(watches_wait_for_no_connection),
        TOKEN_TEST(a_token_that_was_rotated),
        TOKEN_TEST(a_token_that_is_refused),
        TOKEN_TEST(closed_while_the_token_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
