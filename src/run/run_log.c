/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the log about a run: each says which run it is, of which policy, on which cluster. */
#include <inttypes.h>
#include <stdio.h>

#include "base/log_fold.h"
#include "run/run.h"

#define FIELDS_MAX 72 /* entries of a line, those of run_event included: a script gives up to 64 */

void run_event(const struct run *run, enum log_level level, const char *message, const struct log_field *fields)
{
    struct log_field all[FIELDS_MAX] = {{"policy", run->policy->name}, SITE_LOG_CLUSTER(run->site)};
    char number[24];
    size_t n = 4;
    for (; fields && fields->name && n < FIELDS_MAX - 3; fields++)
        all[n++] = *fields;
    snprintf(number, sizeof number, "%" PRId64, run->id);
    all[n++] = (struct log_field){log_json_next, ""};
    all[n++] = (struct log_field){"run", run->id ? number : NULL};
    log_event(run->site->log, level, message, all);
}

void run_log_start(const struct run *run)
{
    char when[32];
    clock_format(run->scheduled_at, false, when);
    run_event(
        run, LOG_INFO, "run starts",
        LOG_FIELDS({"trigger", run->trigger}, {"by", *run->asked_by ? run->asked_by : NULL}, {"scheduled_at", when}));
}

void run_log_end(const struct run *run)
{
    char changed[24], unchanged[24], failed[24];
    snprintf(changed, sizeof changed, "%" PRId64, run->changed);
    snprintf(unchanged, sizeof unchanged, "%" PRId64, run->unchanged);
    snprintf(failed, sizeof failed, "%" PRId64, run->failed);
    char first[ERROR_MESSAGE_MAX]; /* the first line: a traceback after it was logged already */
    if (run->error)
        snprintf(first, sizeof first, "%.*s", (int)strcspn(run->error->message, "\n"), run->error->message);
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, run->id);
    log_fold_end(run->site->log, "run", number); /* what its lines have to tell comes before its end */
    const char *reason = run->error ? first : *run->note ? run->note : NULL;
    bool fine =
        (run->outcome == RUN_DONE || run->outcome == RUN_CANCELLED || run->outcome == RUN_WAITING) && !run->failed;
    run_event(run, fine ? LOG_INFO : LOG_ERROR,
              run->leave_open ? "run interrupted; the next start finishes it" : "run ended",
              LOG_FIELDS({"outcome", run_outcome_name(run)}, LOG_JSON_FIELD("changed", changed),
                         LOG_JSON_FIELD("unchanged", unchanged), LOG_JSON_FIELD("failed", failed),
                         LOG_JSON_FIELD("dry_run", run->dry_run ? "true" : NULL), {"reason", reason}));
}
