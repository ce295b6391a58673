/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd hold: the owner of a job keeps policies with `hold` from it for a while, by the annotation that they look
 * at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/session/options.h"
#include "mpijob/match/match.h"
#include "time/duration.h"

static int run(int argc, char **argv, const struct command *command)
{
    struct options o;
    struct error err;
    struct clock clock = {0};
    char change[128], until[32];
    int64_t span;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count != 2)
        return command_usage(command, "takes a job and for how long: mpijobd hold train/bert 2d; off ends it");
    if (strcmp(o.arguments[1], "off") == 0) {
        snprintf(change, sizeof change, "annotations." MPIJOB_HOLD_ANNOTATION "-");
    } else {
        if (duration_parse(o.arguments[1], &span, &err))
            return command_usage(command, "%s", err.message);
        if (span <= 0)
            return command_usage(command, "\"%s\" holds nothing: write for how long, as 2d; off ends a hold",
                                 o.arguments[1]);
        clock_begin(&clock, getenv("MPIJOBD_CLOCK")); /* the session says what is wrong with it */
        clock_format(clock_now(&clock) / CLOCK_SECOND * CLOCK_SECOND + span, false, until);
        snprintf(change, sizeof change, "annotations." MPIJOB_HOLD_ANNOTATION "=%s", until);
    }
    o.arguments[1] = change;
    code = replace_by_options(command, &o);
    if (!code && o.output != OUTPUT_JSON && !o.dry_run && strcmp(change + strlen(change) - 1, "-") != 0)
        printf("policies with `hold` leave it alone until %s, where that is not longer than their hold.max\n", until);
    return code;
}

const struct command cmd_hold = {"hold",
                                 "[KIND] NAME DURATION|off",
                                 "Keep policies from a job for a while, if they let its owner do that",
                                 TAKES_CLUSTER | TAKES_NAMESPACE | TAKES_OUTPUT | TAKES_DRY_RUN | TAKES_KIND |
                                     TAKES_HAND,
                                 run,
                                 "  mpijobd hold train/bert-large 2d     by the annotation " MPIJOB_HOLD_ANNOTATION "\n"
                                 "  mpijobd hold train/bert-large off    ends it\n"};
