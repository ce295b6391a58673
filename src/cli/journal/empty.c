/* SPDX-License-Identifier: Apache-2.0 */
/* A table without rows leaves a reader in doubt whether he asked for the right thing: it is told again. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/journal/journal_parts.h"
#include "store/store.h"

static bool any_run(void *data, const struct store_run *run)
{
    (void)run;
    *(bool *)data = true;
    return false;
}

static bool any_change(void *data, const struct store_change *change)
{
    (void)change;
    *(bool *)data = true;
    return false;
}

/* Has the journal anything of the policy at all? */
static int look_for_policy(struct session *s, const char *policy, bool *there)
{
    struct store_filter f = {.policy = policy, .limit = 1};
    *there = false;
    int rc = journal_read_runs(store_journal(s->store), &f, false, any_run, there, &s->error);
    return rc || *there ? rc : journal_read_changes(store_journal(s->store), &f, any_change, there, &s->error);
}

/* " of run 7 of policy "p" since 2026-11-23T00:00:00Z"; "": nothing was chosen. */
static void put_chosen(struct buf *out, const struct store_filter *f)
{
    char when[32];
    if (f->run)
        buf_printf(out, " of run %" PRId64, f->run);
    if (f->policy)
        buf_printf(out, " of policy \"%s\"", f->policy);
    if (f->name)
        buf_printf(out, " of the job %s%s%s", f->name_space ? f->name_space : "", f->name_space ? "/" : "", f->name);
    else if (f->name_space)
        buf_printf(out, " in the namespace %s", f->name_space);
    if (f->cluster)
        buf_printf(out, " on the cluster %s", f->cluster);
    if (f->since) {
        clock_format(f->since, false, when);
        buf_printf(out, " since %s", when);
    }
    if (f->in_flight)
        buf_puts(out, " without an outcome");
}

int journal_tell_empty(struct session *s, bool runs, const struct store_filter *f)
{
    struct buf chosen = BUF_INIT;
    bool there = true;
    if (runs && f->run) { /* a number that no run has was not meant */
        error_set(&s->error, ERR_NOT_FOUND, "there is no run %" PRId64 "; mpijobd runs lists those that there are%s",
                  f->run, s->config.lead.on ? STORE_OTHER_JOURNALS : "");
        return session_fail(s, &s->error);
    }
    if (f->policy && look_for_policy(s, f->policy, &there))
        return session_fail(s, &s->error);
    put_chosen(&chosen, f);
    if (!there)
        fprintf(stderr,
                "mpijobd %s: there is no policy \"%s\" in the journal; mpijobd runs names those that have run\n",
                s->command, f->policy);
    else
        fprintf(stderr, "mpijobd %s: there is no %s%s\n", s->command, runs ? "run" : "change",
                chosen.len ? chosen.ptr : " yet");
    buf_free(&chosen);
    return 0;
}
