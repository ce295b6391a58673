/* SPDX-License-Identifier: Apache-2.0 */
/* The line goes past the filter of what is printed (terminal.h), which lets no carriage return through: it has only
 * numbers of our own. One that goes on in a second line of the terminal could not be wiped. */
#include "cli/terminal/progress.h"

#include "cli/terminal/terminal.h"

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

/* As much of it as fits, with a column left: where the last one is filled, what wipes the rest takes that. Each text
 * begins with what parts it from the one before; briefly: instead of all. */
static void show(const char *bar, const char *what, const char *rate, const char *left, const char *briefly)
{
    const char *texts[] = {bar, what, rate, left};
    static const unsigned forms[] = {15, 14, 6,
                                     2}; /* bits of texts: the bar goes first, then the time, then the rate */
    char line[200];
    size_t width = terminal_width(STDERR_FILENO);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        int n = 0;
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            n += snprintf(line + n, sizeof line - (size_t)n, "%s", forms[i] & 1U << t ? texts[t] : "");
        if (!width || (size_t)n < width) {
            dprintf(STDERR_FILENO, "\r%s\033[K", line);
            return;
        }
    }
    dprintf(STDERR_FILENO, "\r%s\033[K", strlen(briefly) < width ? briefly : "");
}

void progress_tell(struct progress *p, int64_t done, int64_t total)
{
    char of[PROGRESS_SIZE], size[PROGRESS_SIZE], what[48], rate[32], left[48], percent[8];
    uint64_t now = now_ns(), passed = now - p->begun;
    if (done <= 0 || total <= 0 || !is_due(p, now))
        return;
    double seconds = (double)passed / (double)SECOND, a_second = (double)done / seconds;
    snprintf(percent, sizeof percent, "%3d%%", (int)(100.0 * (double)done / (double)total));
    snprintf(what, sizeof what, "%s of %s", percent, progress_bytes(total, of));
    snprintf(rate, sizeof rate, ", %s/s", progress_bytes((int64_t)a_second, size));
    snprintf(left, sizeof left, ", %.0f s left", (double)(total - done) / a_second);
    show("", what, rate, left, percent);
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
    char bar[BAR + 1], framed[BAR + 5], what[64], rate[40], left[48], time[32], percent[8] = "";
    uint64_t now = now_ns();
    p->jobs = done;
    if ((total && p->jobs >= total) || !is_due(p, now))
        return;
    double a_second = (double)p->jobs * (double)SECOND / (double)(now - p->begun);
    snprintf(rate, sizeof rate, ", %.*f a second", a_second < 10, a_second);
    if (!total) {
        snprintf(what, sizeof what, "%zu jobs", p->jobs);
        show("", what, rate, "", percent);
        return;
    }
    memset(bar, '-', BAR);
    memset(bar, '#', p->jobs * BAR / total);
    bar[BAR] = '\0';
    snprintf(framed, sizeof framed, "[%s]  ", bar);
    snprintf(what, sizeof what, "%zu of %zu jobs", p->jobs, total);
    span((double)(total - p->jobs) / a_second, time);
    snprintf(left, sizeof left, ", about %s left", time);
    snprintf(percent, sizeof percent, "%3d%%", (int)(100.0 * (double)p->jobs / (double)total));
    show(framed, what, rate, left, percent);
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
