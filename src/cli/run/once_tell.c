/* SPDX-License-Identifier: Apache-2.0 */
/* The end of `run --once`, for people and as JSON. */
#include "cli/run/once_tell.h"

#include <inttypes.h>
#include <stdio.h>

#include "json/member.h"
#include "json/write.h"

static void write_aside(struct json_writer *w, const struct session *s)
{
    json_write_key(w, "not_in_force");
    json_write_array(w);
    for (size_t i = 0; i < s->aside_count; i++) {
        const struct session_aside *a = &s->aside[i];
        json_write_object(w);
        json_write_key(w, "policy");
        json_write_string(w, a->policy);
        json_write_key(w, "cluster");
        json_write_string(w, a->cluster);
        json_write_key(w, "why");
        json_write_string(w, a->why);
        json_write_end(w);
    }
    json_write_end(w);
}

static void as_json(const struct session *s, const struct once_counts *c)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_member_int(&w, "runs", c->runs);
    json_member_int(&w, "changed", c->changed);
    json_member_int(&w, "unchanged", c->unchanged);
    json_member_int(&w, "failed", c->failed);
    json_member_int(&w, "waiting", c->waiting);
    json_member_int(&w, "runs_failed", c->broken);
    json_write_key(&w, "dry_run");
    json_write_bool(&w, s->options.dry_run);
    write_aside(&w, s);
    json_write_end(&w);
    if (!out.failed)
        puts(out.ptr);
    buf_free(&out);
}

/* Daemons that share their state have none of what waits in a file. */
static void tell_waiting(const struct session *s, int64_t n)
{
    printf("; %" PRId64 " run%s for approval: ", n, n == 1 ? " waits" : "s wait");
    if (s->config.lead.on && !s->config.lead.own_state)
        fputs("nobody can approve it, as the daemons share their state in the cluster, and this is in the file of this "
              "host; have the daemons run the policy (mpijobd trigger), or make a plan and have it made "
              "(mpijobd plan --out FILE, mpijobd apply FILE)",
              stdout);
    else
        fputs("mpijobd approve asks the daemon that has this state", stdout);
}

void once_tell(const struct session *s, const struct once_counts *c)
{
    if (s->options.output == OUTPUT_JSON) {
        as_json(s, c);
        return;
    }
    for (size_t i = 0; i < s->aside_count; i++) {
        const struct session_aside *a = &s->aside[i];
        printf("policy \"%s\" had no run on cluster %s: %s\n", a->policy, a->cluster, a->why);
    }
    printf("%" PRId64 " run%s: %" PRId64 " %s, %" PRId64 " as they should be, %" PRId64 " failed", c->runs,
           c->runs == 1 ? "" : "s", c->changed, s->options.dry_run ? "would be changed" : "changed", c->unchanged,
           c->failed);
    if (c->broken)
        printf("; %" PRId64 " of the runs failed (see the log)", c->broken);
    if (c->waiting)
        tell_waiting(s, c->waiting);
    putchar('\n');
}
