/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log for journald, and levels by part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log_journal.h"
#include "base/log_levels.h"

static void fields_stay_fields(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    static const char want[] = "MESSAGE=replaced job=train/a\nPRIORITY=6\nSYSLOG_IDENTIFIER=mpijobd\n"
                               "MPIJOBD_JOB=train/a\nMPIJOBD_EFFECT_SEEN=yes\nMPIJOBD_RUN=42\nMPIJOBD_ODD_NAME=x\n"
                               "MPIJOBD_DIFF\n\x03\0\0\0\0\0\0\0a\nb\n";
    log_journal_entry(&out, LOG_INFO, str_of("replaced job=train/a"),
                      LOG_FIELDS({"job", "train/a"}, {"effect_seen", "yes"}, LOG_JSON_FIELD("run", "42"),
                                 {"odd name", "x"}, {"left", NULL}, LOG_LINES_FIELD("diff", "a\nb", "shown")));
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(out.ptr, want, sizeof want - 1);
    buf_free(&out);
}

static void a_log_goes_there_and_else_to_its_descriptor(void **state)
{
    (void)state;
    char path[] = "/tmp/mpijobd-journal-XXXXXX", bytes[1024];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct log log;
    int pipe_fds[2];
    assert_non_null(mkdtemp(path));
    snprintf(at.sun_path, sizeof at.sun_path, "%s/s", path);
    int server = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(pipe(pipe_fds), 0);
    log_init(&log, pipe_fds[1], NULL);
    log.format = LOG_JOURNAL;
    log.journal = log_journal_open(at.sun_path);
    assert_true(log.journal >= 0);
    log_event(&log, LOG_WARN, "two\nlines", LOG_FIELDS({"policy", "p"}));
    ssize_t n = recv(server, bytes, sizeof bytes, 0);
    assert_true(n > 0);
    assert_non_null(memmem(bytes, (size_t)n, "two\n    lines policy=p\n", 22));
    assert_non_null(memmem(bytes, (size_t)n, "\nPRIORITY=4\n", 12));
    assert_non_null(memmem(bytes, (size_t)n, "\nMPIJOBD_POLICY=p\n", 18));
    close(server); /* it is gone: the line is not lost */
    log_event(&log, LOG_ERROR, "still told", NULL);
    n = read(pipe_fds[0], bytes, sizeof bytes);
    assert_true(n > 0 && memmem(bytes, (size_t)n, "error still told\n", 17));
    close(log.journal);
    unlink(at.sun_path);
    rmdir(path);
    assert_int_equal(log_journal_open(at.sun_path), -1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void the_variable_names_the_stream(void **state)
{
    (void)state;
    struct stat st;
    char text[64];
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    assert_true(log_journal_reads(STDERR_FILENO, text));
    assert_false(log_journal_reads(STDERR_FILENO, NULL));
    assert_false(log_journal_reads(STDERR_FILENO, ""));
    assert_false(log_journal_reads(STDERR_FILENO, "1"));
    assert_false(log_journal_reads(STDERR_FILENO, "1:2"));
    assert_false(log_journal_reads(-1, text));
    strcat(text, "x");
    assert_false(log_journal_reads(STDERR_FILENO, text));
}

static void levels_are_set_by_part(void **state)
{
    (void)state;
    struct log_levels levels = {0};
    struct log log;
    struct error err;
    log_init(&log, -1, NULL);
    log.levels = &levels;
    assert_int_equal(log_level_at(&log, "../../src/http/client.c"), LOG_INFO);
    assert_int_equal(log_levels_set(&levels, "http=debug,kube=error warn", &err), 0);
    assert_int_equal(log_level_at(&log, "../../src/http/client.c"), LOG_DEBUG);
    assert_int_equal(log_level_at(&log, "/home/a/src/mpijobd/src/kube/auth/sign.c"), LOG_ERROR);
    assert_int_equal(log_level_at(&log, "/home/a/src/run/run.c"), LOG_WARN);
    assert_int_equal(log_level_at(&log, "test_log.c"), LOG_WARN);
    assert_true(log_wants_of("src/http/a.c", &log, LOG_DEBUG));
    assert_false(log_wants(&log, LOG_INFO));
    assert_false(log_wants(NULL, LOG_ERROR));
    assert_int_equal(log_levels_set(&levels, "http=default,default", &err), 0);
    assert_int_equal(log_level_at(&log, "src/http/client.c"), LOG_INFO);
    assert_int_equal(log_levels_set(&levels, "run=debug,htp=debug", &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "the log has no part \"htp\"; did you mean \"http\"?"));
    assert_int_equal(log_level_at(&log, "src/run/run.c"), LOG_INFO); /* none of them is set */
    assert_int_equal(log_levels_set(&levels, "run=loud", &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "\"loud\" is no level of the log"));
    assert_int_equal(log_levels_set(&levels, "run=", &err), ERR_INVALID);
    assert_int_equal(log_levels_set(&levels, "=debug", &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_stay_fields),
        cmocka_unit_test(a_log_goes_there_and_else_to_its_descriptor),
        cmocka_unit_test(the_variable_names_the_stream),
        cmocka_unit_test(levels_are_set_by_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
