/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down about a policy that hung or crashed the daemon, and how it is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/mark.h"
#include "guard/parent.h"
#include "guard/quarantine.h"

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/guard-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command); // NOLINT(cert-env33-c)
}

/* A process writes one mark in its life. */
static void mark(const char *path, struct guard_shared *shared, const struct guard_who *who, const char *reason)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr) || !mark_to(path, shared, NULL))
            _exit(1);
        mark_write(who, reason, 7);
        mark_write(who, "again", 8);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void read_again(struct quarantine *q)
{
    struct error err;
    if (quarantine_read(q, &err))
        fail_msg("%s", err.message);
}

static void test_marks_are_found(void **state)
{
    (void)state;
    char path[96], text[64], deed[64];
    struct quarantine q;
    struct error err;
    const struct guard_who a = {.policy = "a", .file = "some folder/a.lua", .hash = "0123456789abcdef"};
    const struct guard_who file = {.file = "b.lua", .hash = "fedcba9876543210"};
    snprintf(path, sizeof path, "%s/s.db", folder);
    assert_int_equal(quarantine_open(&q, path, NULL, &err), 0);
    read_again(&q); /* there is no list yet */
    assert_int_equal(q.count, 0);
    mark(q.path, NULL, &a, "stall");
    mark(q.path, NULL, &file, "SIGSEGV");
    mark(q.path, NULL, NULL, "SIGSEGV"); /* no policy is to blame */
    read_again(&q);
    assert_int_equal(q.count, 2);
    const struct quarantine_mark *m = quarantine_find(&q, "a", "0123456789abcdef");
    assert_non_null(m);
    assert_string_equal(m->file, "some folder/a.lua");
    assert_int_equal(m->line, 7);
    assert_string_equal(quarantine_deed(m, deed), "held the loop for too long");
    m = quarantine_find(&q, "", "fedcba9876543210");
    assert_string_equal(quarantine_deed(m, deed), "crashed with SIGSEGV");
    assert_null(quarantine_find(&q, "a", "fedcba9876543210")); /* another text */
    assert_non_null(quarantine_since(&q, "a", 0));
    assert_null(quarantine_since(&q, "a", INT64_MAX));

    assert_int_equal(quarantine_let_go(&q, "c", 1, &err), ERR_NOT_FOUND);
    assert_int_equal(quarantine_let_go(&q, "b.lua", 1, &err), 0);
    assert_int_equal(quarantine_let_go(&q, "a", 1, &err), 0);
    snprintf(text, sizeof text, "stopped 1 stall 0123 7 a"); /* half a line at the end */
    FILE *list = fopen(q.path, "a");
    fputs(text, list);
    fclose(list);
    read_again(&q);
    assert_int_equal(q.count, 0);
    quarantine_close(&q);
}

/* So many lines of marks of the same ten policies, and of others that were let go. */
static void write_long_list(const char *path, int lines)
{
    FILE *list = fopen(path, "w");
    assert_non_null(list);
    for (int i = 0; i < lines; i++) {
        fprintf(list, "stopped %d stall 0123456789abcdef %d p%d a folder/f.lua\n", i + 1, i, i % 10);
        fprintf(list, "stopped %d SIGSEGV fedcba9876543210 1 gone g.lua\nresumed %d gone\n", i + 1, i + 1);
    }
    fputs("stopped 1 stall 0123 7 half", list);
    assert_int_equal(fclose(list), 0);
}

static void has_ten_marks(const struct quarantine *q, int lines)
{
    assert_true(q->count >= 10);
    for (int i = 0; i < 10; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        const struct quarantine_mark *m = quarantine_find(q, name, "0123456789abcdef");
        assert_non_null(m);
        assert_int_equal(m->at, lines - 9 + i);
        assert_string_equal(m->file, "a folder/f.lua");
    }
    assert_null(quarantine_find(q, "gone", "fedcba9876543210"));
}

static void test_a_long_list(void **state)
{
    (void)state;
    char path[96], left[128];
    struct quarantine q;
    struct error err;
    struct stat st;
    const int lines = 60000; /* 8 MB */
    snprintf(path, sizeof path, "%s/l.db", folder);
    assert_int_equal(quarantine_open(&q, path, NULL, &err), 0);
    write_long_list(q.path, lines);
    read_again(&q);
    has_ten_marks(&q, lines);
    assert_true(q.count <= QUARANTINE_MARKS);

    /* A start that was broken off has left this. */
    snprintf(left, sizeof left, "%s.new", q.path);
    FILE *half = fopen(left, "w");
    fputs("stopped 1", half);
    fclose(half);
    assert_int_equal(quarantine_compact(&q, &err), 0);
    assert_int_equal(stat(q.path, &st), 0);
    assert_true(st.st_size < 1024);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_not_equal(access(left, F_OK), 0);
    read_again(&q);
    assert_int_equal(q.count, 10);
    has_ten_marks(&q, lines);
    assert_int_equal(quarantine_let_go(&q, "p3", 1, &err), 0);
    read_again(&q);
    assert_int_equal(q.count, 9);

    /* Where it cannot be written again, it stays as it was. */
    write_long_list(q.path, lines / 20);
    assert_int_equal(mkdir(left, 0700), 0);
    assert_int_equal(quarantine_compact(&q, &err), ERR_IO);
    assert_int_equal(rmdir(left), 0);
    read_again(&q);
    has_ten_marks(&q, lines / 20);
    unlink(q.path);

    /* A pipe in its place holds nothing up. */
    assert_int_equal(mkfifo(q.path, 0600), 0);
    assert_int_equal(quarantine_read(&q, &err), ERR_IO);
    assert_int_equal(quarantine_compact(&q, &err), 0);
    unlink(q.path);
    quarantine_close(&q);
}

/* Who lets a policy go while the list is written again waits, and writes to the new one. */
static void test_a_list_that_is_exchanged(void **state)
{
    (void)state;
    char path[96], fresh[128];
    struct quarantine q;
    struct error err;
    const struct guard_who a = {.policy = "a", .file = "a.lua", .hash = "0123456789abcdef"};
    snprintf(path, sizeof path, "%s/x.db", folder);
    assert_int_equal(quarantine_open(&q, path, NULL, &err), 0);
    mark(q.path, NULL, &a, "stall");
    read_again(&q);
    int fd = open(q.path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(fd); /* it would share the lock */
        _exit(quarantine_let_go(&q, "a", 1, NULL) != 0);
    }
    snprintf(fresh, sizeof fresh, "%s.other", q.path);
    mark(fresh, NULL, &a, "stall");
    assert_int_equal(rename(fresh, q.path), 0);
    close(fd);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    read_again(&q);
    assert_int_equal(q.count, 0);
    quarantine_close(&q);
}

static void test_marks_without_a_file(void **state)
{
    (void)state;
    struct quarantine q;
    struct error err;
    struct guard_shared *shared = parent_none();
    const struct guard_who a = {.policy = "a", .file = "a.lua", .hash = "0123456789abcdef"};
    assert_non_null(shared);
    assert_int_equal(quarantine_open(&q, NULL, shared, &err), 0);
    for (int i = 0; i < 6; i++)
        mark(NULL, shared, &a, "SIGABRT");
    read_again(&q);
    assert_int_equal(q.count, 6);
    assert_true(shared->blamed);
    atomic_store(&shared->length, GUARD_MARKS_MAX);
    mark(NULL, shared, &a, "SIGABRT");
    assert_false(shared->blamed); /* it is not written down, so the parent must not start again at once */
    quarantine_close(&q);
}

/* What could end a line does not. */
static void test_names_cannot_forge_marks(void **state)
{
    (void)state;
    char path[96];
    struct quarantine q;
    struct error err;
    const struct guard_who a = {.policy = "a", .file = "x\nresumed 1 a", .hash = "0123456789abcdef"};
    snprintf(path, sizeof path, "%s/f.db", folder);
    assert_int_equal(quarantine_open(&q, path, NULL, &err), 0);
    mark(q.path, NULL, &a, "stall");
    read_again(&q);
    assert_int_equal(q.count, 1);
    assert_string_equal(q.marks[0].file, "x?resumed 1 a");
    quarantine_close(&q);
}

static void test_hash(void **state)
{
    (void)state;
    char one[GUARD_HASH_SIZE], two[GUARD_HASH_SIZE];
    guard_hash(str_of("policy {}"), one);
    guard_hash(str_of("policy { }"), two);
    assert_int_equal(strlen(one), 16);
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_are_found),          cmocka_unit_test(test_a_long_list),
        cmocka_unit_test(test_a_list_that_is_exchanged), cmocka_unit_test(test_marks_without_a_file),
        cmocka_unit_test(test_names_cannot_forge_marks), cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
