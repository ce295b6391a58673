/* SPDX-License-Identifier: Apache-2.0 */
/* How far a work is: a line on a terminal, and nothing elsewhere. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/terminal/progress.h"

#define SECOND UINT64_C(1000000000)
#define MIB (INT64_C(1) << 20)

/* Standard error is the terminal or the pipe `fd` from here on; returns what it was. */
static int redirect(int fd)
{
    int was = dup(STDERR_FILENO);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    return was;
}

static void take_back(int was)
{
    assert_int_equal(dup2(was, STDERR_FILENO), STDERR_FILENO);
    close(was);
}

/* A work of which a part is done after ten seconds. */
static void tell(void)
{
    struct progress p;
    progress_begin(&p);
    progress_tell(&p, MIB, 4 * MIB); /* too early to be told */
    p.begun -= 10 * SECOND;
    progress_tell(&p, MIB, 4 * MIB);
    progress_tell(&p, 2 * MIB, 4 * MIB); /* too soon after the last */
    p.told -= SECOND;
    progress_tell(&p, 0, 0); /* nothing can be said */
    progress_end(&p);
    progress_tell(&p, 3 * MIB, 4 * MIB); /* it is over */
}

static void a_terminal_has_one_line_that_goes(void **state)
{
    (void)state;
    char text[256];
    int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
    int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(theirs >= 0);
    setenv("TERM", "xterm", 1);
    int was = redirect(theirs);
    tell();
    take_back(was);
    static const char expected[] = "\r 25% of 4.0 MiB, 102.4 KiB/s, 30 s left\033[K\r\033[K";
    size_t len = 0;
    while (len < sizeof expected - 1) { /* a terminal may give what was written to it piece by piece */
        ssize_t n = read(ours, text + len, sizeof text - 1 - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    text[len] = '\0';
    assert_string_equal(text, expected);
    setenv("TERM", "dumb", 1);
    was = redirect(theirs);
    tell();
    take_back(was);
    assert_int_equal(fcntl(ours, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(ours, text, sizeof text), -1);
    close(theirs);
    close(ours);
}

/* What a work of 120 jobs shows on a terminal of so many columns. */
static void jobs_on(int columns, char *text, size_t size)
{
    int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
    int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize window = {.ws_row = 24, .ws_col = (unsigned short)columns};
    assert_int_equal(ioctl(theirs, TIOCSWINSZ, &window), 0);
    setenv("TERM", "xterm", 1);
    int was = redirect(theirs);
    struct progress p;
    progress_begin(&p);
    p.begun -= 10 * SECOND;
    progress_jobs(&p, 40, 120);
    take_back(was);
    ssize_t n = read(ours, text, size - 1);
    assert_true(n > 0);
    text[n] = '\0';
    close(theirs);
    close(ours);
}

static void a_narrow_terminal_has_what_fits(void **state)
{
    (void)state;
    static const struct {
        int columns;
        const char *text;
    } cases[] = {
        {0, "\r[######--------------]  40 of 120 jobs, 4.0 a second, about 20s left\033[K"}, /* it does not say */
        {69, "\r[######--------------]  40 of 120 jobs, 4.0 a second, about 20s left\033[K"},
        {68, "\r40 of 120 jobs, 4.0 a second, about 20s left\033[K"},
        {45, "\r40 of 120 jobs, 4.0 a second, about 20s left\033[K"},
        {44, "\r40 of 120 jobs, 4.0 a second\033[K"},
        {28, "\r40 of 120 jobs\033[K"},
        {15, "\r40 of 120 jobs\033[K"},
        {14, "\r 33%\033[K"},
        {4, "\r\033[K"},
    };
    char text[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jobs_on(cases[i].columns, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_pipe_has_nothing(void **state)
{
    (void)state;
    int ends[2];
    char c;
    assert_int_equal(pipe(ends), 0);
    setenv("TERM", "xterm", 1);
    int was = redirect(ends[1]);
    tell();
    take_back(was);
    close(ends[1]);
    assert_int_equal(read(ends[0], &c, 1), 0);
    close(ends[0]);
}

static void bytes_have_units(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {1023, "1023 B"},
                 {1024, "1.0 KiB"},
                 {1000 * 1024, "1.0 MiB"},
                 {MIB * 1536, "1.5 GiB"},
                 {INT64_MAX, "8388608.0 TiB"}};
    char out[PROGRESS_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(progress_bytes(cases[i].bytes, out), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_has_one_line_that_goes),
        cmocka_unit_test(a_narrow_terminal_has_what_fits),
        cmocka_unit_test(a_pipe_has_nothing),
        cmocka_unit_test(bytes_have_units),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
