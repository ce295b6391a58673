/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemon is asked, and what its verbs stand on. */
#include "cli/run/run_control.h"

#include "approval/approvers.h"
#include "cli/session/hand.h"
#include "control/control.h"
#include "control/verbs/control_verbs.h"

static bool admits(void *data, const struct control_peer *peer)
{
    const struct run_control *c = data;
    return approvers_list(c->approvers, APPROVER_BY_PEER, peer->uid, peer->groups, peer->group_count);
}

static int open_at(struct session *s, struct quarantine *quarantine, const char *path, struct run_control *c)
{
    struct control_options o = {
        .path = path, .log = &s->log, .soon = &s->soon, .admits = c->approvers ? admits : NULL, .data = c};
    struct verbs_options v = {.loop = &s->loop,
                              .clock = &s->clock,
                              .log = &s->log,
                              .store = s->store,
                              .engine = s->engine,
                              .quarantine = quarantine,
                              .lines = c->lines,
                              .levels = &s->levels};
    int rc = control_open(&s->loop, &o, &c->control, &s->error);
    if (!rc)
        rc = verbs_open(c->control, &v, &c->verbs, &s->error);
    if (rc)
        run_control_close(c);
    return rc;
}

int run_control_open(struct session *s, struct quarantine *quarantine, bool within, struct run_control *c)
{
    char path[4096];
    const char *at = s->options.once ? NULL : session_control_path(s, path);
    if (at && open_at(s, quarantine, at, c) == 0) {
        log_event(&s->log, LOG_INFO, "commands may ask this daemon", LOG_FIELDS({"control", at}));
        return 0;
    }
    if (at && (s->options.control || s->config.control))
        return session_fail(s, &s->error);
    if (at)
        log_event(&s->log, LOG_WARN, "no command can ask this daemon", LOG_FIELDS({"reason", s->error.message}));
    return within && open_at(s, quarantine, NULL, c) ? session_fail(s, &s->error) : 0;
}

void run_control_close(struct run_control *c)
{
    if (c->control)
        control_close(c->control, NULL, NULL);
    verbs_close(c->verbs);
    c->control = NULL;
    c->verbs = NULL;
}
