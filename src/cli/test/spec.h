/* SPDX-License-Identifier: Apache-2.0 */
/* A spec file: its Lua state, in the sandbox of policies, and its tests. */
#ifndef MPIJOBD_CLI_TEST_SPEC_H
#define MPIJOBD_CLI_TEST_SPEC_H

#include "cli/test/world.h"

#define SPEC_START_US (INT64_C(1767614400) * CLOCK_SECOND) /* Monday, 2026-01-05T12:00:00Z: when each test begins */
#define SPEC_CPU_US (2 * CLOCK_SECOND)      /* of one test, its own code: policies have their own bounds */
#define SPEC_TIMEOUT_US (60 * CLOCK_SECOND) /* of one test, of real time */

enum spec_verdict { SPEC_SUCCESS, SPEC_FAILURE, SPEC_ERROR, SPEC_PENDING };

struct spec_test {
    char *name;
    char *tags; /* " slow net ": each between spaces */
    int line;
    bool chosen;
};

struct spec;

struct spec_result {
    enum spec_verdict verdict;
    const char *message; /* "" with success; valid during the call */
    int64_t took_us;
};

/* Reads the file and collects its tests, which blocks as far as it reads. 0, or the error with its place in the file.
 * loop, soon and what `onlookers` names outlive it. */
int spec_open(uv_loop_t *loop, struct defer_queue *soon, const struct log *log, struct onlookers onlookers,
              const char *path, struct spec **spec, struct error *err);
size_t spec_count(const struct spec *spec);
struct spec_test *spec_test(struct spec *spec, size_t index);
/* Runs those that are chosen, one after the other. told is called as each ends, done at the end, later. */
void spec_run(struct spec *spec,
              void (*told)(void *data, const struct spec_test *test, const struct spec_result *result),
              void (*done)(void *data), void *data);
/* No test begins any more, and the one that runs is ended, from outside of it. */
void spec_stop(struct spec *spec);
/* The loop has to turn once more. */
void spec_close(struct spec *spec);

#endif
