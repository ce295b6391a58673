/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of a report, kind by kind. */
#include "cli/report/report_parts.h"

static int count(void *data, struct str object)
{
    struct report *r = data;
    const struct mpijob_kind *kind = r->s.options.job_kind;
    r->any = true;
    struct json root;
    struct mpijob_view v;
    struct report_row row;
    bool unread;
    int rc = json_parse(object, "a job", &root, &r->s.error);
    if (!rc)
        rc = mpijob_view(root, cluster_target_of(r->s.cluster, kind, root), &v, &r->s.error);
    bool owned = !rc && report_owners_have(&r->owners, &v);
    r->owned += owned;
    if (owned)
        rc = report_owners_add(&r->owners, &v, &r->s.error); /* what it has made is a part, too */
    if (rc || owned || !report_row_of(&v, r->pods, r->released, r->now, &row, &r->seen))
        return rc;
    if (r->every && kind == KIND_JOB && !row.gpus && mpijob_gpus(root, kind, v.target.gpus, &unread) == 0)
        return 0; /* most Jobs of a cluster are a CronJob's, and train nothing */
    struct report_group *group;
    rc = report_groups_add(&r->groups, &r->key, &v, &row, &group, &r->s.error);
    if (!rc && r->kinds.count > 1)
        rc = report_owners_add(&r->owners, &v, &r->s.error);
    if (rc || kind != KIND_MPIJOB) /* plugins are asked of MPIJobs */
        return rc;
    return report_columns_add(&r->columns, group, object, &row, &r->s.error);
}

static int read_jobs(struct report *r)
{
    struct session *s = &r->s;
    struct mpijob_match *match = mpijob_match_new();
    int rc = match ? 0 : error_nomem(&s->error);
    if (!rc)
        rc = mpijob_match_phase(match, "Succeeded", &s->error);
    if (!rc)
        rc = mpijob_match_phase(match, "Failed", &s->error);
    if (!rc)
        mpijob_match_deleting(match, DELETING_TOO);
    int code = rc ? session_fail(s, &s->error) : jobs_each(s, match, count, r);
    mpijob_match_free(match);
    return code;
}

/* Nothing is asked for of a kind that is known to be missing. */
static int read_kind(struct report *r, const struct mpijob_kind *kind, struct error *why)
{
    struct session *s = &r->s;
    s->options.job_kind = kind;
    if (r->kinds.count > 1 && cluster_serves(s->cluster, kind, &s->error))
        return EXIT_FAILED;
    bool unpodded = r->unpodded;
    const char *const *labels = kind->dialect ? mpijob_pod_labels(cluster_target(s->cluster, kind)) : NULL;
    if (!r->pods || !labels || labels != r->pods_by) { /* a TrainJob's pods are found as a JobSet's */
        mpijob_pods_free(r->pods);
        r->pods = pods_count(s, why);
        r->pods_by = labels;
    }
    r->unpodded = r->unpodded || !r->pods;
    error_clear(&s->error);
    int code = read_jobs(r);
    if (code)
        r->unpodded = unpodded;
    return code;
}

/* May it be left out? Tells what may be missed. */
static bool leave_out(struct report *r, const struct mpijob_kind *kind, const struct error *err)
{
    bool absent = err->code == ERR_NOT_FOUND, barred = err->status == 403;
    if (absent && !r->every)
        report_note(r, "The server has no %ss.", kind->name);
    if (barred)
        report_note(r, "%ss are not in the report, as they cannot be listed: %s", kind->name, err->message);
    return absent || barred;
}

int report_read(struct report *r, struct error *why)
{
    struct session *s = &r->s;
    struct error first = {0};
    bool several = r->kinds.count > 1;
    for (size_t i = 0; i < r->kinds.count; i++) {
        s->quiet = several;
        int code = read_kind(r, r->kinds.of[i], why);
        s->quiet = false;
        if (!code) {
            r->read.of[r->read.count++] = r->kinds.of[i];
            continue;
        }
        if (!several)
            return code;
        if (!leave_out(r, r->kinds.of[i], &s->error))
            return session_fail(s, &s->error);
        if (!first.code)
            first = s->error;
    }
    if (!r->read.count)
        return session_fail(s, &first);
    return r->any ? 0 : namespace_check(s);
}
