/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed of the tests: busted's dots, TAP, or JUnit's XML. On standard output. */
#ifndef MPIJOBD_CLI_TEST_REPORT_H
#define MPIJOBD_CLI_TEST_REPORT_H

#include "cli/session/options.h"
#include "cli/test/spec.h"

struct report_item { /* one test that did not simply succeed, or with JUnit and TAP each */
    char *file, *name, *message;
    int line;
    enum spec_verdict verdict;
    int64_t took_us;
};

struct report {
    enum output form; /* OUTPUT_TABLE: dots */
    bool colour;
    size_t counts[4]; /* by verdict */
    size_t total;
    struct report_item *items;
    size_t count, cap;
    int64_t began; /* clock_monotonic */
};

void report_begin(struct report *r, enum output form, bool colour);
void report_add(struct report *r, const char *file, const struct spec_test *test, const struct spec_result *result);
/* A file that cannot be read: an error of its own. */
void report_broken(struct report *r, const char *file, const char *message);
void report_end(struct report *r); /* and frees it */

#endif
