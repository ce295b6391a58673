/* SPDX-License-Identifier: Apache-2.0 */
/* The store where things are not as they should be: each trouble is one clear message with the path and the cure, and
 * the store works again when it is mended. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/parts.h"
#include "store_help.h"

/* ---- opening what cannot be opened ---- */

static void expect(const struct error *err, int code, const char *path, const char *words)
{
    if (err->code != code || !strstr(err->message, path) || !strstr(err->message, words))
        fail_msg("expected %d, \"%s\", \"%s\"; got %d, \"%s\"", code, path, words, err->code, err->message);
}

static void refused(struct place *p, const char *path, int code, const char *words)
{
    struct store *store;
    struct error err;
    if (store_open(&p->loop, path, NULL, &store, &err) == 0) {
        close_store(p, store);
        fail_msg("%s was opened", path);
    }
    assert_null(store);
    expect(&err, code, path, words);
}

static void reader_refused(const char *path, int code, const char *words)
{
    struct store *store;
    struct error err;
    assert_int_equal(store_open_reader(path, &store, &err), code);
    assert_null(store);
    expect(&err, code, path, words);
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &message))
        fail_msg("%s", message);
    sqlite3_close(db);
}

static void no_database(void **state)
{
    struct place *p = *state;
    char text[4096];
    memset(text, 'x', sizeof text);
    write_file(p->path, text, sizeof text);
    refused(p, p->path, ERR_IO, "no SQLite database: name another file");
    reader_refused(p->path, ERR_IO, "no SQLite database");
    char now[4096];
    int fd = open(p->path, O_RDONLY);
    assert_int_equal(read(fd, now, sizeof now), sizeof now);
    close(fd);
    assert_memory_equal(text, now, sizeof now); /* not touched */
}

static void another_programs_database(void **state)
{
    struct place *p = *state;
    sql(p->path, "CREATE TABLE songs(title)");
    refused(p, p->path, ERR_INVALID, "another program");
    reader_refused(p->path, ERR_INVALID, "another program");
    struct stat is;
    assert_int_not_equal(stat(place_file(p, "state.db-wal"), &is), 0);
}

static void a_newer_schema(void **state)
{
    struct place *p = *state;
    close_store(p, open_store(p));
    sql(p->path, "INSERT INTO schema_version VALUES(4711, 0)");
    refused(p, p->path, ERR_INVALID, "newer mpijobd (schema 4711");
    reader_refused(p->path, ERR_INVALID, "newer mpijobd");
}

static void an_older_schema_is_not_for_readers(void **state)
{
    struct place *p = *state;
    close_store(p, open_store(p));
    sql(p->path, "DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)");
    reader_refused(p->path, ERR_INVALID, "start this mpijobd once");
    sql(p->path, "DELETE FROM schema_version");
    reader_refused(p->path, ERR_NOT_FOUND, "start mpijobd once");
}

static void no_table_of_versions(void **state)
{
    struct place *p = *state;
    close_store(p, open_store(p));
    sql(p->path, "DROP TABLE schema_version");
    refused(p, p->path, ERR_IO, "is damaged");
}

static void damage(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    for (int i = 0; i < 500; i++)
        state_intent(store_state(store), &c, NULL, NULL, NULL);
    close_store(p, store);
    char junk[8192];
    memset(junk, 0x5a, sizeof junk);
    int fd = open(p->path, O_WRONLY);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 40960), sizeof junk);
    close(fd);
    refused(p, p->path, ERR_IO, "is damaged: move it away");
}

static void half_a_file(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    for (int i = 0; i < 500; i++)
        state_intent(store_state(store), &c, NULL, NULL, NULL);
    close_store(p, store);
    assert_int_equal(truncate(p->path, 30000), 0);
    refused(p, p->path, ERR_IO, "is damaged");
}

static void places_that_cannot_be(void **state)
{
    struct place *p = *state;
    refused(p, "", ERR_INVALID, "path is empty");
    refused(p, p->folder, ERR_INVALID, "is a folder");
    char path[256];
    snprintf(path, sizeof path, "%s/", p->folder);
    refused(p, path, ERR_INVALID, "is a folder");
    write_file(place_file(p, "file"), "x", 1);
    refused(p, strcpy(path, place_file(p, "file/state.db")), ERR_IO, "Not a directory");
    struct store *store;
    struct error err;
    assert_int_equal(store_open(&p->loop, place_file(p, "file/deeper/state.db"), NULL, &store, &err), ERR_IO);
    expect(&err, ERR_IO, place_file(p, "file/deeper"), "Not a directory: make it");
    assert_int_equal(symlink("loop", place_file(p, "loop")), 0);
    refused(p, strcpy(path, place_file(p, "loop")), ERR_IO, "symbolic links");
    char longest[6000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(store_open(&p->loop, longest, NULL, &store, &err), ERR_IO);
    assert_non_null(strstr(err.message, "too long"));
    reader_refused(p->path, ERR_NOT_FOUND, "No such file");
    write_file(p->path, "", 0);
    reader_refused(p->path, ERR_NOT_FOUND, "no journal yet");
}

static void a_second_daemon(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    char who[64];
    snprintf(who, sizeof who, "another mpijobd (process %ld)", (long)getpid());
    refused(p, p->path, ERR_IO, who);
    char link[256];
    strcpy(link, place_file(p, "alias.db"));
    assert_int_equal(symlink(p->path, link), 0);
    struct store *other;
    struct error err;
    assert_int_equal(store_open(&p->loop, link, NULL, &other, &err), ERR_IO);
    expect(&err, ERR_IO, p->path, "another mpijobd");
    close_store(p, store);
    assert_int_equal(store_open(&p->loop, link, NULL, &other, &err), 0); /* the lock went with it */
    close_store(p, other);
}

static int looking; /* a descriptor of the lock's file */

static void look_is_over(int number)
{
    (void)number;
    flock(looking, LOCK_UN);
}

/* Who only asks whether the file is held has the lock for an instant, on a busy machine a long one. */
static void somebody_who_looks_at_the_lock(void **state)
{
    struct place *p = *state;
    char lock[300];
    struct sigaction on_alarm = {.sa_handler = look_is_over}, before;
    const struct itimerval soon = {.it_value.tv_usec = 20000};
    snprintf(lock, sizeof lock, "%s.lock", p->path);
    close_store(p, open_store(p));
    looking = open(lock, O_RDWR | O_CLOEXEC);
    assert_true(looking >= 0);
    assert_int_equal(flock(looking, LOCK_SH), 0);
    sigaction(SIGALRM, &on_alarm, &before);
    setitimer(ITIMER_REAL, &soon, NULL);
    close_store(p, open_store(p));
    sigaction(SIGALRM, &before, NULL);
    close(looking);
}

static void a_command_that_has_it_for_a_moment(void **state)
{
    struct place *p = *state;
    struct store *store, *other;
    struct error err;
    bool held, brief;
    char pid[STORE_PID_SIZE];
    assert_int_equal(store_open_brief(&p->loop, p->path, NULL, &store, &err), 0);
    assert_int_equal(store_holder(p->path, &held, &brief, pid), 0);
    assert_true(held && brief);
    assert_int_equal(store_open(&p->loop, p->path, NULL, &other, &err), ERR_CONFLICT);
    expect(&err, ERR_CONFLICT, p->path, "try again when that one has ended");
    close_store(p, store);
    assert_int_equal(store_holder(p->path, &held, &brief, pid), 0);
    assert_false(held);
}

/* ---- in a child, where limits and rights can be given up ---- */

/* The child's finding: NULL is well, SKIP: cannot be tried here. */
#define SKIP "skip"
static void in_child(struct place *p, const char *(*what)(struct place *p))
{
    int ends[2];
    char finding[512] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        const char *text = what(p);
        if (text && write(ends[1], text, strlen(text)) < 0)
            _exit(1);
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], finding, sizeof finding - 1);
    finding[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (strcmp(finding, SKIP) == 0)
        skip();
    if (*finding)
        fail_msg("%s", finding);
    assert_int_equal(status, 0);
}

static const char *wrong(const struct error *err, const char *path, const char *words)
{
    static char text[400];
    if (err->code == ERR_IO && strstr(err->message, path) && strstr(err->message, words))
        return NULL;
    snprintf(text, sizeof text, "wanted \"%s\", got %d \"%.300s\"", words, err->code, err->message);
    return text;
}

static const char *open_without_rights(struct place *p)
{
    struct store *store;
    struct error err;
    if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
        return SKIP;
    if (store_open(&p->loop, p->path, NULL, &store, &err) == 0)
        return "opened in a folder that is not writable";
    return wrong(&err, p->path, "Permission denied");
}

static const char *open_below_without_rights(struct place *p)
{
    strcpy(p->path, place_file(p, "deeper"));
    strcat(p->path, "/state.db");
    struct store *store;
    struct error err;
    if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
        return SKIP;
    if (store_open(&p->loop, p->path, NULL, &store, &err) == 0)
        return "made a folder where that is not allowed";
    return wrong(&err, place_file(p, "deeper"), "Permission denied: make it");
}

static void a_folder_that_is_not_writable(void **state)
{
    struct place *p = *state;
    assert_int_equal(chmod(p->folder, 0555), 0);
    in_child(p, open_without_rights);
    in_child(p, open_below_without_rights);
    assert_int_equal(chmod(p->folder, 0700), 0);
}

static const char *read_without_rights(struct place *p)
{
    struct store *store;
    struct error err;
    if (geteuid() != 0 || setgid(65534) || setuid(65534))
        return SKIP;
    if (store_open_reader(p->path, &store, &err) == 0)
        return "another user can read the journal";
    return wrong(&err, p->path, "must be able to read");
}

static void a_reader_without_rights(void **state)
{
    struct place *p = *state;
    close_store(p, open_store(p));
    assert_int_equal(chmod(p->folder, 0755), 0);
    in_child(p, read_without_rights);
}

/* Hands over big intents until one fails, and at most 200. */
static const char *fill(struct place *p, struct store *store, struct answer *last, int64_t *written)
{
    static char diff[65536];
    memset(diff, 'd', sizeof diff - 1);
    struct store_intent c = an_intent(1, "x");
    c.diff = diff;
    for (*written = 0; *written < 200; ++*written) {
        *last = (struct answer){0};
        state_intent(store_state(store), &c, NULL, on_answer, last);
        while (!last->calls)
            uv_run(&p->loop, UV_RUN_ONCE);
        if (last->err.code)
            return NULL;
    }
    return "never full";
}

static bool count(void *data, const struct store_change *c)
{
    (void)c;
    ++*(int64_t *)data;
    return true;
}

static const char *full_then_free(struct place *p, const char *words, bool (*make_room)(struct place *p))
{
    struct store *store;
    struct error err;
    struct answer last = {0};
    int64_t written, found = 0;
    if (store_open(&p->loop, p->path, NULL, &store, &err))
        return "cannot open";
    const char *text = fill(p, store, &last, &written);
    if (!text)
        text = wrong(&last.err, p->path, words);
    if (!text && !last.err.retryable)
        text = "not said to be retryable";
    if (!text && (journal_read_changes(store_journal(store), NULL, count, &found, NULL) || found != written))
        text = "the confirmed rows and those found differ";
    if (!text && !make_room(p))
        text = "no room could be made";
    struct store_intent c = an_intent(1, "x");
    last = (struct answer){0};
    state_intent(store_state(store), &c, NULL, on_answer, &last);
    while (!last.calls)
        uv_run(&p->loop, UV_RUN_ONCE);
    if (!text && last.err.code)
        text = "it stays broken";
    store_close(store, NULL, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    if (!text && uv_loop_close(&p->loop))
        text = "the loop does not close";
    return text;
}

static bool raise_limit(struct place *p)
{
    (void)p;
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static const char *file_size_limit(struct place *p)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 1 << 20;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit))
        return SKIP;
    return full_then_free(p, "file size limit", raise_limit);
}

static void the_file_size_limit(void **state)
{
    in_child(*state, file_size_limit);
}

static bool remove_ballast(struct place *p)
{
    return unlink(place_file(p, "ballast")) == 0;
}

static const char *full_disk(struct place *p)
{
    if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") ||
        mount("none", p->folder, "tmpfs", 0, "size=4m,mode=0700"))
        return SKIP;
    int fd = open(place_file(p, "ballast"), O_WRONLY | O_CREAT, 0600);
    if (posix_fallocate(fd, 0, 2 << 20))
        return SKIP;
    close(fd);
    return full_then_free(p, "the disk is full", remove_ballast);
}

static void a_full_disk(void **state)
{
    in_child(*state, full_disk);
}

static const char *open_on_full_disk(struct place *p)
{
    if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") ||
        mount("none", p->folder, "tmpfs", 0, "size=64k,mode=0700"))
        return SKIP;
    int fd = open(place_file(p, "ballast"), O_WRONLY | O_CREAT, 0600);
    if (posix_fallocate(fd, 0, 52 << 10))
        return SKIP;
    close(fd);
    struct store *store;
    struct error err;
    if (store_open(&p->loop, p->path, NULL, &store, &err) == 0)
        return "opened on a full disk";
    return wrong(&err, p->path, "disk is full");
}

static void opening_on_a_full_disk(void **state)
{
    in_child(*state, open_on_full_disk);
}

/* ---- while it runs ---- */

static void the_file_is_moved_away(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    add_change(p, store, &c);
    char away[256];
    assert_int_equal(rename(p->path, strcpy(away, place_file(p, "away.db"))), 0);
    struct answer one = {0}, two = {0}, prune = {0};
    state_intent(store_state(store), &c, NULL, on_answer, &one);
    state_intent(store_state(store), &c, NULL, on_answer, &two);
    journal_prune(store_journal(store), 1, 0, on_answer, &prune);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    expect(&one.err, ERR_IO, p->path, "was moved or deleted");
    expect(&two.err, ERR_IO, p->path, "was moved or deleted");
    expect(&prune.err, ERR_IO, p->path, "was moved or deleted");
    assert_int_equal(rename(away, p->path), 0);
    assert_int_equal(add_change(p, store, &c), 2);
    close_store(p, store);
}

static sqlite3 *hold(struct place *p)
{
    sqlite3 *other;
    assert_int_equal(sqlite3_open(p->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return other;
}

static void held_for_a_while(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    struct answer answer = {0};
    sqlite3 *other = hold(p);
    state_intent(store_state(store), &c, NULL, on_answer, &answer);
    uv_run(&p->loop, UV_RUN_NOWAIT);
    assert_int_equal(answer.calls, 0);
    assert_int_equal(count_changes(store, NULL), 0); /* reading goes on */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    sqlite3_close(other);
    close_store(p, store);
}

static void held_for_too_long(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    sqlite3_busy_timeout(store->writer.db, 20); /* nothing is waiting yet, so the thread does not use it */
    struct store_intent c = an_intent(1, "x");
    struct answer one = {0}, two = {0};
    sqlite3 *other = hold(p);
    state_intent(store_state(store), &c, NULL, on_answer, &one);
    state_intent(store_state(store), &c, NULL, on_answer, &two);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    expect(&one.err, ERR_IO, p->path, "held by another program");
    expect(&two.err, ERR_IO, p->path, "held by another program");
    assert_true(one.err.retryable);
    sqlite3_close(other);
    assert_int_equal(add_change(p, store, &c), 1);
    close_store(p, store);
}

/* ---- migrations ---- */

static int halve(sqlite3 *db)
{
    return sqlite3_exec(db, "UPDATE marks SET scheduled_at = scheduled_at / 2", NULL, NULL, NULL);
}

static int fail_to_fill(sqlite3 *db)
{
    (void)db;
    return SQLITE_FULL;
}

static void an_older_file_is_brought_up_to_date(void **state)
{
    struct place *p = *state;
    close_store(p, open_store(p));
    sql(p->path, "INSERT INTO marks VALUES('a', 84)");
    sqlite3 *db;
    int version;
    int64_t number = 0;
    struct error err;
    int count = schema_newest + 2;
    struct migration steps[64];
    assert_true(count <= (int)(sizeof steps / sizeof *steps));
    for (int i = 0; i < schema_newest; i++)
        steps[i] = schema_steps[i];
    steps[schema_newest] = (struct migration){"ALTER TABLE runs ADD COLUMN later TEXT", halve};
    steps[schema_newest + 1] = (struct migration){"DELETE FROM marks", fail_to_fill};
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(schema_look(db, p->path, count, &version, &err), 0);
    assert_int_equal(version, schema_newest);
    assert_int_equal(schema_migrate(db, p->path, steps, count, version, &err), ERR_IO);
    expect(&err, ERR_IO, p->path, "the disk is full");
    expect(&err, ERR_IO, p->path, "bringing the journal from schema ");
    assert_int_equal(schema_look(db, p->path, count, &version, &err), 0);
    assert_int_equal(version, schema_newest); /* all or nothing: who has written the file can go on with it */
    assert_int_equal(schema_number(db, "SELECT scheduled_at FROM marks WHERE policy = 'a'", &number), 0);
    assert_int_equal(number, 84);
    assert_int_equal(schema_number(db, "SELECT count(later) FROM runs", &number), SQLITE_ERROR);
    assert_int_equal(schema_migrate(db, p->path, steps, count - 1, version, &err), 0);
    assert_int_equal(schema_number(db, "SELECT scheduled_at FROM marks WHERE policy = 'a'", &number), 0);
    assert_int_equal(number, 42);
    assert_int_equal(schema_number(db, "SELECT count(later) FROM runs", &number), 0);
    sqlite3_close(db);
    refused(p, p->path, ERR_INVALID, "newer mpijobd");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_database),
        TEST(another_programs_database),
        TEST(a_newer_schema),
        TEST(an_older_schema_is_not_for_readers),
        TEST(no_table_of_versions),
        TEST(damage),
        TEST(half_a_file),
        TEST(places_that_cannot_be),
        TEST(a_second_daemon),
        TEST(somebody_who_looks_at_the_lock),
        TEST(a_command_that_has_it_for_a_moment),
        TEST(a_folder_that_is_not_writable),
        TEST(a_reader_without_rights),
        TEST(the_file_size_limit),
        TEST(a_full_disk),
        TEST(opening_on_a_full_disk),
        TEST(the_file_is_moved_away),
        TEST(held_for_a_while),
        TEST(held_for_too_long),
        TEST(an_older_file_is_brought_up_to_date),
    };
    return cmocka_run_group_tests_name("store_trouble", tests, NULL, NULL);
}
