/* SPDX-License-Identifier: Apache-2.0 */
/* The line goes past the filter of what is printed (terminal.h), which lets no carriage return through: it has only
 * numbers of our own. */
#include "cli/terminal/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define FIRST (SECOND / 2) /* what takes less shows nothing */
#define AGAIN (SECOND / 10)
#define BAR 20

const char *progress_bytes(int64_t bytes, char out[PROGRESS_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double n = (double)bytes / 1024;
    size_t unit = 0;
    while (n >= 1000 && unit < sizeof units / sizeof *units - 1) {
        n /= 1024;
        unit++;
    }
    if (bytes < 1024)
        snprintf(out, PROGRESS_SIZE, "%" PRId64 " B", bytes);
    else
        snprintf(out, PROGRESS_SIZE, "%.1f %s", n, units[unit]);
    return out;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

void progress_begin(struct progress *p)
{
    const char *term = getenv("TERM");
    *p = (struct progress){.on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0, .begun = now_ns()};
}

/* Is it time to show it (again)? */
static bool is_due(struct progress *p, uint64_t now)
{
    bool due = p->on && now - p->begun >= FIRST && !(p->shown && now - p->told < AGAIN);
    if (due) {
        p->told = now;
        p->shown = true;
    }
    return due;
}

void progress_tell(struct progress *p, int64_t done, int64_t total)
{
    char of[PROGRESS_SIZE], rate[PROGRESS_SIZE];
    uint64_t now = now_ns(), passed = now - p->begun;
    if (done <= 0 || total <= 0 || !is_due(p, now))
        return;
    double seconds = (double)passed / (double)SECOND, a_second = (double)done / seconds;
    dprintf(STDERR_FILENO, "\r%3d%% of %s, %s/s, %.0f s left\033[K", (int)(100.0 * (double)done / (double)total),
            progress_bytes(total, of), progress_bytes((int64_t)a_second, rate), (double)(total - done) / a_second);
}

/* "4s", "2m10s" */
static void span(double seconds, char out[32])
{
    int64_t n = seconds < 1 ? 1 : seconds > 1e9 ? INT64_C(1000000000) : (int64_t)(seconds + 0.5);
    if (n >= 60)
        snprintf(out, 32, "%" PRId64 "m%02" PRId64 "s", n / 60, n % 60);
    else
        snprintf(out, 32, "%" PRId64 "s", n);
}

void progress_job(struct progress *p, size_t total)
{
    progress_jobs(p, p->jobs + 1, total);
}

void progress_jobs(struct progress *p, size_t done, size_t total)
{
    char bar[BAR + 1], left[32];
    uint64_t now = now_ns();
    p->jobs = done;
    if ((total && p->jobs >= total) || !is_due(p, now))
        return;
    double a_second = (double)p->jobs * (double)SECOND / (double)(now - p->begun);
    if (!total) {
        dprintf(STDERR_FILENO, "\r%zu jobs, %.*f a second\033[K", p->jobs, a_second < 10, a_second);
        return;
    }
    memset(bar, '-', BAR);
    memset(bar, '#', p->jobs * BAR / total);
    bar[BAR] = '\0';
    span((double)(total - p->jobs) / a_second, left);
    dprintf(STDERR_FILENO, "\r[%s]  %zu of %zu jobs, %.*f a second, about %s left\033[K", bar, p->jobs, total,
            a_second < 10, a_second, left);
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        dprintf(STDERR_FILENO, "\r\033[K");
    p->shown = false;
}

void progress_end(struct progress *p)
{
    progress_clear(p);
    p->on = false;
}
