/* SPDX-License-Identifier: Apache-2.0 */
/* A listing of what a run was given once. */
#include "cli/test/replay/replay_jobs.h"

#include "record/record.h"

void replay_clock(struct clock *clock, int64_t to)
{
    if (to > clock->manual_us)
        clock->manual_us = to;
}

static bool matches(const struct replay_jobs *j, struct str job, int64_t now)
{
    struct json root;
    struct mpijob_view view;
    return json_parse(job, "", &root, NULL) == 0 &&
           mpijob_view(root, cluster_target_of(j->cluster, policy_kinds_of(j->kinds, root), root), &view, NULL) == 0 &&
           mpijob_match_eval(j->match, &view, now, NULL);
}

int64_t replay_reads_clock(void *data, int64_t now)
{
    struct replay_jobs *j = data;
    struct record_entry e;
    char kind[16];
    for (size_t at = j->clock_at; record_next(j->recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if (strcmp(kind, "job") == 0 && !json_is_true(json_get(e.head, "again")))
            break; /* the script reads it more often than it did */
        if (strcmp(kind, "clock") != 0)
            continue;
        j->clock_at = at;
        json_int64(json_get(e.head, "now"), &now);
        replay_clock(j->clock, now);
        break;
    }
    return now;
}

static enum listing_state next(struct listing *listing, struct str *object)
{
    struct replay_jobs *j = (struct replay_jobs *)listing;
    struct record_entry e;
    char kind[16], why[ERROR_MESSAGE_MAX];
    while (!j->over && record_next(j->recording, &j->at, &e)) {
        int64_t now = 0;
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if (strcmp(kind, "listed") == 0) {
            j->over = true;
            json_int64(json_get(e.head, "scope"), &j->scope);
            if (json_string_at(e.head, "/error", why, sizeof why) == ERR_NOT_FOUND)
                return LISTING_END;
            error_set(&j->error, ERR_UNREACHABLE, "%s", why);
            return LISTING_ERROR;
        }
        if (strcmp(kind, "job") != 0 || json_is_true(json_get(e.head, "again")))
            continue;
        json_int64(json_get(e.head, "now"), &now);
        json_int64(json_get(e.head, "as_of"), &j->as_of);
        replay_clock(j->clock, now);
        j->clock_at = j->at;
        if (matches(j, e.bytes[0], now)) {
            j->given++;
            *object = e.bytes[0];
            return LISTING_JOB;
        }
        j->left++;
    }
    j->over = true;
    return LISTING_END;
}

static const struct error *why_ended(const struct listing *listing)
{
    return &((const struct replay_jobs *)listing)->error;
}

static int64_t scope(const struct listing *listing)
{
    return ((const struct replay_jobs *)listing)->scope;
}

static int64_t as_of(const struct listing *listing)
{
    return ((const struct replay_jobs *)listing)->as_of;
}

static void keep(struct listing *listing)
{
    (void)listing;
}

void replay_jobs_init(struct replay_jobs *jobs, struct str recording, struct clock *clock)
{
    static const struct listing_ops ops = {next, why_ended, scope, as_of, keep};
    *jobs = (struct replay_jobs){.listing = {&ops}, .recording = recording, .clock = clock};
}
