/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorded run was told of the Workloads of its jobs, by job.kueue and match.kueue. */
#include "cli/test/replay/replay_jobs.h"

/* Of that job: the first from *at on, behind which *at goes. */
static bool find(struct str recording, size_t *at, size_t end, struct str uid, struct record_entry *found)
{
    struct record_entry e;
    size_t next = *at;
    while (next < end && record_next(recording, &next, &e)) {
        if (!json_string_is(json_get(e.head, "entry"), str_of("workload")) ||
            !json_string_is(json_get(e.head, "uid"), uid))
            continue;
        *found = e;
        *at = next;
        return true;
    }
    return false;
}

/* Appends the text and its end; its offset, or SIZE_MAX: it is no text. */
static size_t keep(struct replay_jobs *j, struct json value)
{
    size_t at = j->workload.len;
    if (json_type(value) != JSON_STRING || !json_decode(value, &j->workload))
        return SIZE_MAX;
    buf_putc(&j->workload, '\0');
    return at;
}

static const char *text(const struct replay_jobs *j, size_t at)
{
    return at == SIZE_MAX || j->workload.failed ? NULL : j->workload.ptr + at;
}

int replay_gets_workload(void *data, struct str uid, struct record_workload *out, struct error *err)
{
    struct replay_jobs *j = data;
    struct record_entry e;
    size_t at = 0;
    bool known = find(j->recording, &j->workload_at, j->recording.len, uid, &e);
    if (!known) { /* it asks more often than it did, or in another order */
        while (find(j->recording, &at, j->recording.len, uid, &e))
            known = true;
    }
    if (!known)
        return ERR_LIMIT;
    buf_reset(&j->workload);
    size_t state = keep(j, json_get(e.head, "state")), name = keep(j, json_get(e.head, "name")),
           reason = keep(j, json_get(e.head, "reason")), message = keep(j, json_get(e.head, "message")),
           why = keep(j, json_get(e.head, "error"));
    if (why != SIZE_MAX)
        return error_set(err, ERR_UNREACHABLE, "%s", text(j, why) ? text(j, why) : "");
    *out = (struct record_workload){.state = text(j, state),
                                    .name = text(j, name),
                                    .reason = text(j, reason),
                                    .message = text(j, message),
                                    .admitted = json_is_true(json_get(e.head, "admitted")),
                                    .active = json_is_true(json_get(e.head, "active"))};
    return 0;
}

void replay_jobs_free(struct replay_jobs *j)
{
    buf_free(&j->workload);
}
