/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log that repeat: which are written, and what their counts say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "base/log_fold.h"
#include "base/log_journal.h"
#include "base/log_parts.h"
#include "base/log_same.h"

/* A log whose lines are heard, and go nowhere else. */
struct heard {
    struct log log;
    struct clock clock;
    struct buf text; /* without the times of the lines, which are those of the clock */
    unsigned lines;
    unsigned woken;
};

static void hear(void *data, enum log_level level, const char *message, const struct log_field *fields, struct str line)
{
    struct heard *h = data;
    (void)level;
    (void)message;
    (void)fields;
    h->lines++;
    buf_add(&h->text, line.ptr + 21, line.len - 21);
}

static void woken(void *data)
{
    ((struct heard *)data)->woken++;
}

static void begin(struct heard *h)
{
    *h = (struct heard){.clock = {.manual = true, .manual_us = 0}};
    log_init(&h->log, -1, &h->clock);
    h->log.hear = hear;
    h->log.heard = h;
    h->log.fold = log_fold_new(LOG_FOLD_WINDOW);
    assert_non_null(h->log.fold);
    log_fold_on_wait(h->log.fold, woken, h);
}

static void end(struct heard *h)
{
    log_fold_flush(&h->log);
    log_fold_free(h->log.fold);
    buf_free(&h->text);
}

static void pass(struct heard *h, int64_t seconds)
{
    h->clock.manual_us += seconds * CLOCK_SECOND;
}

#define SAID(h, wanted)                                                                                                \
    do {                                                                                                               \
        assert_string_equal((h)->text.ptr ? (h)->text.ptr : "", wanted);                                               \
        buf_reset(&(h)->text);                                                                                         \
        buf_puts(&(h)->text, "");                                                                                      \
    } while (0)

static void the_first_comes_at_once_and_a_count_after_a_minute(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    for (int i = 0; i < 5000; i++)
        log_event(&h.log, LOG_ERROR, "not connected", LOG_FIELDS({"cluster", "lab"}, {"left", NULL}));
    SAID(&h, "error not connected cluster=lab\n");
    assert_int_equal(h.woken, 1);
    pass(&h, 59);
    assert_int_equal(log_fold_tick(&h.log), 60 * CLOCK_SECOND);
    SAID(&h, "");
    pass(&h, 1);
    assert_int_equal(log_fold_tick(&h.log), INT64_MAX);
    SAID(&h, "error not connected cluster=lab repeated=4999 repeated_since=1970-01-01T00:00:00Z "
             "repeated_until=1970-01-01T00:00:00Z\n");
    pass(&h, 10); /* it goes on */
    log_event(&h.log, LOG_ERROR, "not connected", LOG_FIELDS({"cluster", "lab"}));
    SAID(&h, "");
    assert_int_equal(h.woken, 2);
    pass(&h, 50); /* nobody has looked: the next line does */
    log_event(&h.log, LOG_INFO, "another", NULL);
    SAID(&h, "error not connected cluster=lab repeated=1 repeated_since=1970-01-01T00:01:10Z "
             "repeated_until=1970-01-01T00:01:10Z\ninfo  another\n");
    pass(&h, 60); /* a minute without it: it comes at once again */
    log_event(&h.log, LOG_ERROR, "not connected", LOG_FIELDS({"cluster", "lab"}));
    SAID(&h, "error not connected cluster=lab\n");
    assert_int_equal(log_fold_counted(h.log.fold, LOG_ERROR), 5000);
    assert_int_equal(log_fold_counted(h.log.fold, LOG_INFO), 0);
    end(&h);
}

static void a_count_comes_before_another_line(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    for (int i = 0; i < 3; i++)
        log_event(&h.log, LOG_WARN, "the Lease cannot be renewed", NULL);
    log_event(&h.log, LOG_INFO, "the Lease can be renewed again", NULL);
    log_event(&h.log, LOG_WARN, "the Lease cannot be renewed", NULL); /* of now, so it is told */
    SAID(&h, "warn  the Lease cannot be renewed\nwarn  the Lease cannot be renewed repeated=2 "
             "repeated_since=1970-01-01T00:00:00Z repeated_until=1970-01-01T00:00:00Z\n"
             "info  the Lease can be renewed again\nwarn  the Lease cannot be renewed\n");
    end(&h);
}

static void lines_in_turn_are_written_ten_times(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    for (int i = 0; i < 1000; i++) {
        log_event(&h.log, LOG_INFO, "one", NULL);
        log_event(&h.log, LOG_WARN, "other", NULL);
    }
    assert_int_equal(h.lines, 20);
    buf_reset(&h.text);
    pass(&h, 60);
    log_fold_tick(&h.log);
    assert_int_equal(h.lines, 22);
    for (int i = 0; i < 1000; i++) {
        log_event(&h.log, LOG_INFO, "one", NULL);
        log_event(&h.log, LOG_WARN, "other", NULL);
    }
    assert_int_equal(h.lines, 22); /* one count a minute as long as it goes on */
    log_fold_flush(&h.log);
    SAID(&h, "info  one repeated=990 repeated_since=1970-01-01T00:00:00Z repeated_until=1970-01-01T00:00:00Z\n"
             "warn  other repeated=990 repeated_since=1970-01-01T00:00:00Z repeated_until=1970-01-01T00:00:00Z\n"
             "info  one repeated=1000 repeated_since=1970-01-01T00:01:00Z repeated_until=1970-01-01T00:01:00Z\n"
             "warn  other repeated=1000 repeated_since=1970-01-01T00:01:00Z repeated_until=1970-01-01T00:01:00Z\n");
    end(&h);
}

static void fail_job(struct heard *h, int i, const char *run)
{
    char job[32], reason[64];
    snprintf(job, sizeof job, "train/bert-%d", i);
    snprintf(reason, sizeof reason, "mpijobs \"bert-%d\" is forbidden", i);
    log_event(
        &h->log, LOG_ERROR, "not replaced",
        LOG_FIELDS({"job", job}, {"error", reason}, LOG_QUIET_FIELD("cluster", "default"), LOG_JSON_FIELD("run", run)));
}

/* All fields but the job are equal; its name may stand in them. */
static void jobs_that_fail_alike_are_named_in_one_line(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    for (int i = 0; i < 10; i++)
        fail_job(&h, i, "7");
    assert_int_equal(h.lines, 10);
    fail_job(&h, 9, "7"); /* again: it is not named twice, but counted twice */
    fail_job(&h, 11, "7");
    fail_job(&h, 11, "7");
    fail_job(&h, 12, "7");
    buf_reset(&h.text);
    fail_job(&h, 11, "8"); /* of another run */
    SAID(&h, "error not replaced job=train/bert-11 error=\"mpijobs \\\"bert-11\\\" is forbidden\" run=8\n");
    log_fold_end(&h.log, "run", "7");
    SAID(&h, "error not replaced error=\"mpijobs \\\"*\\\" is forbidden\" run=7 repeated=4 "
             "repeated_since=1970-01-01T00:00:00Z repeated_until=1970-01-01T00:00:00Z\n"
             "    train/bert-9 train/bert-11 train/bert-12\n");
    log_fold_end(NULL, "run", "7");
    end(&h);
}

static void a_count_of_one_job_has_its_name_in_place(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    for (int i = 0; i < 3; i++)
        fail_job(&h, 1, "7");
    buf_reset(&h.text);
    log_fold_flush(&h.log);
    SAID(&h, "error not replaced job=train/bert-1 error=\"mpijobs \\\"bert-1\\\" is forbidden\" run=7 repeated=2 "
             "repeated_since=1970-01-01T00:00:00Z repeated_until=1970-01-01T00:00:00Z\n");
    end(&h);
}

/* What a thousand lines tell is in what is written: each job is named once, and the counts make them all. */
static unsigned total, named;
static void sum_up(void *data, enum log_level level, const char *message, const struct log_field *fields,
                   struct str line)
{
    unsigned count = 1;
    (void)data;
    (void)level;
    (void)message;
    assert_true(line.len < 6000);
    for (const struct log_field *f = fields; f && f->name; f++) {
        if (f->value && strcmp(f->name, "repeated") == 0)
            count = (unsigned)strtoul(f->value, NULL, 10);
        named += f->value && strcmp(f->name, "job") == 0;
    }
    total += count;
}

static void no_job_is_lost(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    h.log.hear = sum_up;
    total = named = 0;
    for (int i = 0; i < 5000; i++)
        fail_job(&h, i, "7");
    log_fold_end(&h.log, "run", "7");
    assert_int_equal(total, 5000);
    assert_int_equal(named, 5000);
    end(&h);
}

/* What has happened to each job is told of each, and debug is never counted. */
static void some_lines_are_all_written(void **state)
{
    (void)state;
    struct heard h;
    char job[32], *long_text = malloc(10000);
    begin(&h);
    h.log.level = LOG_DEBUG;
    for (int i = 0; i < 100; i++) {
        snprintf(job, sizeof job, "train/bert-%d", i);
        log_event(&h.log, LOG_INFO, "replaced", LOG_FIELDS({"job", job}));
    }
    assert_int_equal(h.lines, 100);
    for (int i = 0; i < 100; i++)
        log_event(&h.log, LOG_DEBUG, "http", NULL);
    assert_int_equal(h.lines, 200);
    memset(long_text, 'x', 9999);
    long_text[9999] = '\0';
    for (int i = 0; i < 100; i++)
        log_event(&h.log, LOG_INFO, long_text, NULL);
    assert_int_equal(h.lines, 300);
    for (int i = 0; i < 100; i++)
        log_event(&h.log, LOG_INFO, "a \001 within", NULL);
    assert_int_equal(h.lines, 400);
    log_fold_set(&h.log, 0);
    assert_int_equal(log_fold_window(&h.log), 0);
    for (int i = 0; i < 100; i++)
        log_event(&h.log, LOG_INFO, "short", NULL);
    assert_int_equal(h.lines, 500);
    free(long_text);
    end(&h);
}

/* Many keys at once: each count is told, whatever has to make room. */
static void what_makes_room_is_told(void **state)
{
    (void)state;
    struct heard h;
    char text[32];
    begin(&h);
    h.log.hear = sum_up;
    total = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++) {
            snprintf(text, sizeof text, "line %d", i);
            for (int twice = 0; twice < 30; twice++)
                log_event(&h.log, LOG_WARN, text, NULL);
        }
    }
    log_fold_flush(&h.log);
    assert_int_equal(total, 3 * 500 * 30);
    end(&h);
}

static void a_clock_that_is_set_back_holds_nothing(void **state)
{
    (void)state;
    struct heard h;
    begin(&h);
    pass(&h, 7200);
    log_event(&h.log, LOG_WARN, "a", NULL);
    log_event(&h.log, LOG_WARN, "a", NULL);
    pass(&h, -3600);
    log_event(&h.log, LOG_WARN, "a", NULL);
    SAID(&h, "warn  a\nwarn  a repeated=1 repeated_since=1970-01-01T02:00:00Z repeated_until=1970-01-01T02:00:00Z\n");
    log_fold_flush(&h.log);
    SAID(&h, "warn  a repeated=1 repeated_since=1970-01-01T01:00:00Z repeated_until=1970-01-01T01:00:00Z\n");
    end(&h);
}

static bool is_same(const struct log_same *a, const struct log_same *b)
{
    return str_eq(str_n(a->bytes.ptr, a->alike), str_n(b->bytes.ptr, b->alike));
}

/* What a server that is away is told with: the job in words and in a URL, how often and how long it was tried. */
static void only_job_and_patience_differ(void **state)
{
    (void)state;
    struct log_same a = {.hash = 0}, b = {.hash = 0};
    struct log_field fields[8];
    struct buf texts = BUF_INIT;
    const char *message, *of;
    assert_true(log_same_read(
        &a, LOG_ERROR, "not replaced",
        LOG_FIELDS({"job", "train/bert"}, {"error", "train/bert: PUT http://a/namespaces/train/mpijobs/bert?x: refused "
                                                    "(given up after 11 tries in 24.3 s)"})));
    assert_true(log_same_read(
        &b, LOG_ERROR, "not replaced",
        LOG_FIELDS(
            {"job", "eval/gpt-2"},
            {"error",
             "eval/gpt-2: PUT http://a/namespaces/eval/mpijobs/gpt-2?x: refused (given up after 9 tries in 8 s)"})));
    assert_true(is_same(&a, &b));
    assert_int_equal(log_same_write(buf_str(&b.bytes), b.alike, NULL, &texts, &message, fields, 8, &of), 1);
    assert_string_equal(fields[0].value,
                        "*: PUT http://a/namespaces/*/mpijobs/*?x: refused (given up after 9 tries in 8 s)");
    buf_reset(&texts);
    assert_int_equal(log_same_write(buf_str(&b.bytes), b.alike, "train/bert", &texts, &message, fields, 8, &of), 2);
    assert_string_equal(
        fields[1].value,
        "train/bert: PUT http://a/namespaces/train/mpijobs/bert?x: refused (given up after 9 tries in 8 s)");
    assert_true(log_same_read(&a, LOG_WARN, "it takes 5 seconds (3 times)", NULL));
    assert_true(log_same_read(&b, LOG_WARN, "it takes 6 seconds (30 times)", NULL));
    assert_true(is_same(&a, &b));
    assert_true(log_same_read(&a, LOG_WARN, "exit code 1, 3 pods, 5 sizes", NULL));
    assert_true(log_same_read(&b, LOG_WARN, "exit code 2, 3 pods, 5 sizes", NULL));
    assert_false(is_same(&a, &b));
    assert_true(log_same_read(&a, LOG_INFO, "it takes 5 s", NULL));
    assert_true(log_same_read(&b, LOG_INFO, "it takes 6 s", NULL));
    assert_false(is_same(&a, &b));
    buf_free(&texts);
    log_same_free(&a);
    log_same_free(&b);
}

/* Fields that look alike are not. */
static void what_differs_is_not_the_same(void **state)
{
    (void)state;
    struct log_same a = {.hash = 0}, b = {.hash = 0};
    struct log_field fields[4];
    struct buf texts = BUF_INIT;
    const char *message, *of;
    const struct log_field *pairs[][2] = {
        {LOG_FIELDS({"n", "1"}), LOG_FIELDS(LOG_JSON_FIELD("n", "1"))},
        {LOG_FIELDS({"n", "12"}), LOG_FIELDS({"n1", "2"})},
        {LOG_FIELDS({"n", "1"}), LOG_FIELDS(LOG_QUIET_FIELD("n", "1"))},
        {LOG_FIELDS({"job", "a/b"}, {"text", "b is odd"}), LOG_FIELDS({"job", "a/c"}, {"text", "b is odd"})},
        {LOG_FIELDS({"job", "a/b"}, {"text", "bb is odd"}), LOG_FIELDS({"job", "a/c"}, {"text", "bc is odd"})},
        {LOG_FIELDS({"job", "a/b"}), LOG_FIELDS({"object", "a/b"})},
        {LOG_FIELDS(LOG_LINES_FIELD("diff", "1", "x")), LOG_FIELDS(LOG_LINES_FIELD("diff", "1", "y"))},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_true(log_same_read(&a, LOG_WARN, "m", pairs[i][0]));
        assert_true(log_same_read(&b, LOG_WARN, "m", pairs[i][1]));
        assert_false(is_same(&a, &b));
    }
    assert_true(log_same_read(&a, LOG_WARN, "m b", LOG_FIELDS({"job", "a/b"}, {"text", "\"b\" and b"})));
    assert_true(log_same_read(&b, LOG_WARN, "m c-1", LOG_FIELDS({"job", "a/c-1"}, {"text", "\"c-1\" and c-1"})));
    assert_true(is_same(&a, &b));
    assert_int_equal(a.hash, b.hash);
    assert_true(log_same_read(&a, LOG_WARN, "a/b: b of a", LOG_FIELDS({"job", "a/b"}, {"text", "in xa/b"})));
    assert_true(log_same_read(&b, LOG_WARN, "c/d: d of a", LOG_FIELDS({"job", "c/d"}, {"text", "in xa/d"})));
    assert_true(is_same(&a, &b));
    assert_int_equal(log_same_write(buf_str(&a.bytes), a.alike, NULL, &texts, &message, fields, 4, &of), 1);
    assert_string_equal(message, "*: * of a");
    assert_string_equal(fields[0].value, "in xa/*");
    assert_string_equal(of, "job");
    buf_reset(&texts);
    assert_int_equal(log_same_write(buf_str(&a.bytes), a.alike, "x/y", &texts, &message, fields, 4, &of), 2);
    assert_string_equal(message, "x/y: y of a");
    assert_string_equal(fields[0].value, "x/y");
    buf_free(&texts);
    assert_true(log_same_read(&b, LOG_ERROR, "m c-1", LOG_FIELDS({"job", "a/c-1"}, {"text", "\"c-1\" and c-1"})));
    assert_false(is_same(&a, &b));
    log_same_free(&a);
    log_same_free(&b);
}

/* Jobs may be called as anything: numbers of theirs, the policy and the run stay as they are. */
static void names_that_are_values_too_change_nothing(void **state)
{
    (void)state;
    struct log_same a = {.hash = 0}, b = {.hash = 0};
    struct log_field fields[12];
    struct buf texts = BUF_INIT;
    const char *message, *of;
    assert_true(log_same_read(&a, LOG_WARN, "no 5", LOG_FIELDS({"job", "x/5"}, LOG_JSON_FIELD("gpus", "5"))));
    assert_true(log_same_read(&b, LOG_WARN, "no 6", LOG_FIELDS({"job", "x/6"}, LOG_JSON_FIELD("gpus", "6"))));
    assert_false(is_same(&a, &b));
    assert_true(log_same_read(&a, LOG_WARN, "no 5", LOG_FIELDS({"job", "x/5"}, LOG_LINES_FIELD("diff", "[5]", "5"))));
    assert_int_equal(log_same_write(buf_str(&a.bytes), a.alike, NULL, &texts, &message, fields, 12, &of), 2);
    assert_string_equal(fields[0].value, "*");
    assert_string_equal(fields[1].value, "[5]");
    buf_reset(&texts);
    assert_true(log_same_read(&a, LOG_WARN, "no says",
                              LOG_FIELDS({"job", "x/says"}, LOG_QUIET_FIELD("policy", "says"),
                                         LOG_JSON_FIELD("run", "1"), LOG_JSON_FIELD("t", "{\"says\":true}"))));
    assert_true(log_same_read(&b, LOG_WARN, "no 1",
                              LOG_FIELDS({"job", "y/1"}, LOG_QUIET_FIELD("policy", "says"), LOG_JSON_FIELD("run", "1"),
                                         LOG_JSON_FIELD("t", "{\"says\":true}"))));
    assert_true(is_same(&a, &b));
    assert_true(log_same_has(buf_str(&b.bytes), "run", "1"));
    size_t n = log_same_write(buf_str(&b.bytes), b.alike, NULL, &texts, &message, fields, 12, &of);
    assert_string_equal(message, "no *");
    for (size_t i = 0; i < n; i++)
        assert_null(strchr(fields[i].value, '*'));
    assert_false(log_same_read(&a, LOG_WARN, "no", LOG_FIELDS({"job", "x/y"}, {"a\001b", "1"})));
    buf_free(&texts);
    log_same_free(&a);
    log_same_free(&b);
}

/* In journald each job is found by its name; a program reads a list. */
static void keep_fields(void *data, enum log_level level, const char *message, const struct log_field *fields,
                        struct str line)
{
    (void)message;
    (void)line;
    log_journal_entry(data, level, str_of(""), fields);
}

static void a_count_is_for_programs_too(void **state)
{
    (void)state;
    struct heard h;
    struct buf out = BUF_INIT;
    char bytes[8192];
    int pipes[2];
    begin(&h);
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 12; i++)
        fail_job(&h, i, "7");
    h.log.fd = pipes[1];
    h.log.format = LOG_JSON;
    h.log.hear = keep_fields;
    h.log.heard = &out;
    log_fold_flush(&h.log);
    assert_non_null(strstr(out.ptr, "MPIJOBD_CLUSTER=default\nMPIJOBD_RUN=7\nMPIJOBD_REPEATED=2\n"));
    assert_non_null(strstr(out.ptr, "MPIJOBD_JOB=train/bert-10\nMPIJOBD_JOB=train/bert-11\n"));
    ssize_t n = read(pipes[0], bytes, sizeof bytes - 1);
    assert_true(n > 0);
    bytes[n] = '\0';
    assert_string_equal(bytes,
                        "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"error\",\"message\":\"not replaced\","
                        "\"error\":\"mpijobs \\\"*\\\" is forbidden\",\"cluster\":\"default\",\"run\":7,\"repeated\":2,"
                        "\"repeated_since\":\"1970-01-01T00:00:00Z\",\"repeated_until\":\"1970-01-01T00:00:00Z\","
                        "\"repeated_jobs\":[\"train/bert-10\",\"train/bert-11\"]}\n");
    close(pipes[0]);
    close(pipes[1]);
    buf_free(&out);
    end(&h);
}

static void *talk(void *data)
{
    for (int i = 0; i < 20000; i++)
        log_event(data, LOG_WARN, i % 3 ? "one" : "other", NULL);
    return NULL;
}

static void threads_log_at_once(void **state)
{
    (void)state;
    struct heard h;
    pthread_t threads[4];
    begin(&h);
    h.log.hear = sum_up; /* under the lock of the counts */
    total = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, talk, &h.log), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    log_fold_flush(&h.log);
    assert_int_equal(total, 80000);
    end(&h);
}

static void take_in(void *data, enum log_level level, const char *message, const struct log_field *fields)
{
    sum_up(data, level, message, fields, str_of(""));
}

static void without_memory_lines_are_written(void **state)
{
    (void)state;
    for (long at = 1;; at++) {
        struct heard h;
        begin(&h);
        h.log.hear = NULL;
        h.log.sink = take_in;
        total = 0;
        alloc_fail_at(at);
        for (int i = 0; i < 30; i++)
            fail_job(&h, i % 15, "7");
        log_fold_flush(&h.log);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(total, 30);
        end(&h);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_comes_at_once_and_a_count_after_a_minute),
        cmocka_unit_test(a_count_comes_before_another_line),
        cmocka_unit_test(lines_in_turn_are_written_ten_times),
        cmocka_unit_test(jobs_that_fail_alike_are_named_in_one_line),
        cmocka_unit_test(a_count_of_one_job_has_its_name_in_place),
        cmocka_unit_test(no_job_is_lost),
        cmocka_unit_test(some_lines_are_all_written),
        cmocka_unit_test(what_makes_room_is_told),
        cmocka_unit_test(a_clock_that_is_set_back_holds_nothing),
        cmocka_unit_test(only_job_and_patience_differ),
        cmocka_unit_test(what_differs_is_not_the_same),
        cmocka_unit_test(names_that_are_values_too_change_nothing),
        cmocka_unit_test(a_count_is_for_programs_too),
        cmocka_unit_test(threads_log_at_once),
        cmocka_unit_test(without_memory_lines_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
