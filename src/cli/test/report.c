/* SPDX-License-Identifier: Apache-2.0 */
/* Dots and what has failed, as busted prints them; TAP; JUnit's XML. */
#include "cli/test/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"

static const char *const titles[] = {"Success", "Failure", "Error", "Pending"};

void report_begin(struct report *r, enum output form, bool colour)
{
    *r = (struct report){.form = form, .colour = colour, .began = clock_monotonic()};
}

static const char *paint(const struct report *r, enum spec_verdict verdict)
{
    static const char *const colours[] = {"\033[32m", "\033[31m", "\033[35m", "\033[33m"};
    return r->colour ? colours[verdict] : "";
}

static const char *plain(const struct report *r)
{
    return r->colour ? "\033[0m" : "";
}

static void keep(struct report *r, const char *file, const struct spec_test *test, const struct spec_result *result)
{
    struct report_item *items = grown(r->items, r->count, &r->cap, sizeof *items, 32);
    if (!items)
        return;
    r->items = items;
    r->items[r->count++] = (struct report_item){.file = str_dup(str_of(file)),
                                                .name = str_dup(str_of(test->name)),
                                                .message = str_dup(str_of(result->message)),
                                                .line = test->line,
                                                .verdict = result->verdict,
                                                .took_us = result->took_us};
}

/* A message as TAP's comments: each line behind "# ". */
static void comment(const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        printf("# %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void tell_tap(const struct report *r, const char *file, const struct spec_test *test,
                     const struct spec_result *result)
{
    bool good = result->verdict == SPEC_SUCCESS || result->verdict == SPEC_PENDING;
    printf("%s %zu - %s:%d: %s%s%s\n", good ? "ok" : "not ok", r->total, file, test->line, test->name,
           result->verdict == SPEC_PENDING ? " # SKIP " : "", result->verdict == SPEC_PENDING ? result->message : "");
    if (!good)
        comment(result->message);
}

void report_add(struct report *r, const char *file, const struct spec_test *test, const struct spec_result *result)
{
    static const char marks[] = "+-*.";
    r->total++;
    r->counts[result->verdict]++;
    if (r->form == OUTPUT_TAP)
        tell_tap(r, file, test, result);
    else if (r->form == OUTPUT_TABLE)
        printf("%s%c%s", paint(r, result->verdict), marks[result->verdict], plain(r));
    fflush(stdout);
    if (r->form == OUTPUT_JUNIT || (r->form == OUTPUT_TABLE && result->verdict != SPEC_SUCCESS))
        keep(r, file, test, result);
}

void report_broken(struct report *r, const char *file, const char *message)
{
    char name[] = "the file cannot be read";
    struct spec_test test = {.name = name};
    struct spec_result result = {.verdict = SPEC_ERROR, .message = message};
    report_add(r, file, &test, &result);
}

/* ---- dots ---- */

static void dots_end(const struct report *r)
{
    double seconds = (double)(clock_monotonic() - r->began) / 1e6;
    printf("%s%s%zu success%s%s / %s%zu failure%s%s / %s%zu error%s%s / %s%zu pending%s : %.3f seconds\n",
           r->total ? "\n" : "", paint(r, SPEC_SUCCESS), r->counts[0], r->counts[0] == 1 ? "" : "es", plain(r),
           paint(r, SPEC_FAILURE), r->counts[1], r->counts[1] == 1 ? "" : "s", plain(r), paint(r, SPEC_ERROR),
           r->counts[2], r->counts[2] == 1 ? "" : "s", plain(r), paint(r, SPEC_PENDING), r->counts[3], plain(r),
           seconds);
    for (size_t i = 0; i < r->count; i++) {
        const struct report_item *item = &r->items[i];
        printf("\n%s%s%s -> %s", paint(r, item->verdict), titles[item->verdict], plain(r), item->file);
        if (item->line)
            printf(" @ %d", item->line);
        printf("\n%s\n%s\n", item->name, item->message);
    }
}

/* ---- JUnit ---- */

static void xml(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            fputs("&lt;", stdout);
        else if (c == '>')
            fputs("&gt;", stdout);
        else if (c == '&')
            fputs("&amp;", stdout);
        else if (c == '"')
            fputs("&quot;", stdout);
        else if (c >= 0x20 || c == '\n' || c == '\t')
            putchar(c);
    }
}

static void case_end(const struct report_item *item)
{
    static const char *const elements[] = {"", "failure", "error", "skipped"};
    if (item->verdict == SPEC_SUCCESS) {
        puts("/>");
        return;
    }
    printf(">\n    <%s message=\"", elements[item->verdict]);
    char first[256];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(item->message, "\n"), item->message);
    xml(first);
    fputs("\">", stdout);
    xml(item->message);
    printf("</%s>\n  </testcase>\n", elements[item->verdict]);
}

static void junit_end(const struct report *r)
{
    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"mpijobd test\" tests=\"%zu\" "
           "failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
           r->total, r->counts[1], r->counts[2], r->counts[3], (double)(clock_monotonic() - r->began) / 1e6);
    for (size_t i = 0; i < r->count; i++) {
        const struct report_item *item = &r->items[i];
        fputs("  <testcase classname=\"", stdout);
        xml(item->file);
        fputs("\" name=\"", stdout);
        xml(item->name);
        printf("\" file=\"");
        xml(item->file);
        printf("\" line=\"%d\" time=\"%.3f\"", item->line, (double)item->took_us / 1e6);
        case_end(item);
    }
    puts("</testsuite>\n</testsuites>");
}

void report_end(struct report *r)
{
    if (r->form == OUTPUT_TAP)
        printf("1..%zu\n", r->total);
    else if (r->form == OUTPUT_JUNIT)
        junit_end(r);
    else
        dots_end(r);
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].file);
        free(r->items[i].name);
        free(r->items[i].message);
    }
    free(r->items);
}
