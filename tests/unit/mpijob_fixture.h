/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the mpijob floor share: cmocka, the targets, and a view of an object given as text. */
#ifndef MPIJOBD_TESTS_MPIJOB_FIXTURE_H
#define MPIJOBD_TESTS_MPIJOB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "mpijob/effect/effect.h"
#include "mpijob/match/match.h"

#define CCI ((struct mpijob_target){.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_CCI})
#define ALPHA ((struct mpijob_target){.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR})
#define V1_MPI ((struct mpijob_target){.version = MPIJOB_V1, .controller = CONTROLLER_MPI_OPERATOR})
#define V1_TRAINING ((struct mpijob_target){.version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR})
#define V1_ANY ((struct mpijob_target){.version = MPIJOB_V1, .controller = CONTROLLER_UNKNOWN})
#define BETA ((struct mpijob_target){.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR})

/* 2026-11-23T20:00:00Z, the `now` of these tests */
#define NOON INT64_C(1795464000000000)

static inline struct json parsed(const char *text)
{
    struct json root;
    struct error err;
    if (json_parse(str_of(text), "the test's text", &root, &err))
        fail_msg("%s: %s", err.message, text);
    return root;
}

static inline struct mpijob_view viewed(const char *text, struct mpijob_target target)
{
    struct mpijob_view view;
    struct error err = {0};
    if (mpijob_view(parsed(text), target, &view, &err))
        fail_msg("%s: %s", err.message, text);
    return view;
}

/* Adds a change as the command line gives it. */
static inline void change(struct mpijob_changes *changes, const char *argument)
{
    struct error err = {0};
    if (mpijob_changes_parse(changes, argument, &err))
        fail_msg("%s: %s", argument, err.message);
}

#define assert_contains(text, part)                                                                                    \
    do {                                                                                                               \
        if (!strstr((text), (part)))                                                                                   \
            fail_msg("\"%s\" does not contain \"%s\"", (text), (part));                                                \
    } while (0)

#endif
