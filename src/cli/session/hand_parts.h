/* SPDX-License-Identifier: Apache-2.0 */
/* Inside hand*.c only: who writes, and where to. */
#ifndef MPIJOBD_CLI_SESSION_HAND_PARTS_H
#define MPIJOBD_CLI_SESSION_HAND_PARTS_H

#include "cli/session/hand.h"
#include "control/asker.h"
#include "store/state.h"
#include "store/store.h"

struct hand {
    struct state state;
    struct session *session;
    struct control_asker *client; /* NULL: it is the file */
    char who[64];
    int64_t uid;
    bool failed; /* something could not be written */
    int64_t run; /* the number that was given to the last run */
    /* While the journal is looked for: another process has the file; for a moment; which one. */
    bool held, brief;
    char pid[STORE_PID_SIZE];
};

/* ---- hand_find.c ---- */

/* Is a journal named, or there? */
bool hand_has_journal(struct session *s, const char *path);
/* One try: by the daemon, else by the file at path. 0, or the error is in s->error. */
int hand_find(struct session *s, struct hand *h, const char *path);
/* How long to try again after the last try, in milliseconds. */
int hand_patience(const struct hand *h);

/* ---- hand_freeze.c ---- */

/* 0, or the exit code after the error was printed: the configuration has a freeze, which is not overridden. */
int hand_check_freeze(struct session *s);
/* The trigger of a run by hand, as store_hand_trigger says it, where a freeze is overridden. */
const char *hand_trigger(const struct session *s, const char *trigger);
/* Why a change was made, for the journal: with what was overridden. out is the caller's. */
const char *hand_why(const struct session *s, const char *why, struct buf *out);

#endif
