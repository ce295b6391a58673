/* SPDX-License-Identifier: Apache-2.0 */
/* What the state and the journal have of the policy and the job. Read on another thread, which has the tree to itself
 * meanwhile. */
#include <stdio.h>

#include "cluster/cluster.h"
#include "store/journal.h"
#include "why/gather_parts.h"

static bool add_change(void *data, const struct store_change *c)
{
    struct why *why = data;
    why->last_change = (struct why_past){.id = c->id,
                                         .at = c->ended_at ? c->ended_at : c->intended_at,
                                         .outcome = why_keep(why, c->outcome),
                                         .effect = why_keep(why, c->effect),
                                         .message = why_keep(why, c->message)};
    return false;
}

static bool add_run(void *data, const struct store_run *run)
{
    struct why *why = data;
    if (journal_run_decides(run))
        return true;
    why->last_run = (struct why_past){.id = run->id,
                                      .at = run->started_at,
                                      .outcome = why_keep(why, run->outcome),
                                      .message = why_keep(why, run->message),
                                      .dry_run = run->dry_run};
    return false;
}

static int read_journal(struct why_request *r)
{
    const struct policy *p = r->entry.policy;
    char name_space[256], name[256];
    struct store_filter filter = {.policy = p->name, .cluster = cluster_name(r->call.runs->site->cluster)};
    int rc = journal_read_runs(r->call.journal, &filter, false, add_run, r->why, &r->past_error);
    if (rc)
        return rc;
    snprintf(name_space, sizeof name_space, "%.*s", (int)r->view.name_space.len, r->view.name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)r->view.name.len, r->view.name.ptr);
    filter.limit = 1;
    filter.name_space = name_space;
    filter.name = name;
    return journal_read_changes(r->call.journal, &filter, add_change, r->why, &r->past_error);
}

static void read_past(struct work *work)
{
    struct why_request *r = (struct why_request *)work;
    const struct policy *p = r->entry.policy;
    char key[STATE_KEY_MAX];
    int rc = r->call.journal ? read_journal(r) : 0;
    if (rc || !r->call.state || !p->on)
        return;
    state_key(p->name, cluster_name(r->call.runs->site->cluster), key);
    rc = event_handled_read(r->call.state, key, p, &r->view, &r->handled, &r->past_error);
    r->handled_known = rc == 0;
}

static void known(struct work *work)
{
    struct why_request *r = (struct why_request *)work;
    if (r->past_error.code)
        why_note(r->why, "what was handled already: %s", r->past_error.message);
    why_look(r);
}

void why_past(struct why_request *r)
{
    if (r->unread)
        why_note(r->why, "what was handled already: %s", r->unread);
    if ((r->call.journal || r->call.state) && !r->cancelled)
        work_start(r->call.runs->site->loop, &r->work, read_past, known);
    else
        why_look(r);
}
