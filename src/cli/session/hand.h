/* SPDX-License-Identifier: Apache-2.0 */
/* Where a command that changes jobs by hand writes down what it does: in the journal of the running daemon, over its
 * control socket, since a daemon has its journal to itself; without a daemon in the state's file itself. No change is
 * made without its row where there is a journal; `--no-journal` says that this one is. There is a journal where the
 * configuration or --state names one, where its file is there, and where --control or the configuration names the
 * socket of a daemon. */
#ifndef MPIJOBD_CLI_SESSION_HAND_H
#define MPIJOBD_CLI_SESSION_HAND_H

#include "cli/session/session.h"

struct hand;
struct store_run; /* store/journal.h */

/* Before the first change. While the configuration has a freeze, only --override goes on. s->by_hand stays NULL where
 * nothing is to be written: a dry run, --no-journal, no journal.
 * The site of the session then writes there. May wait some seconds for another command that has the file. 0, or the
 * exit code after the error was printed. */
int hand_open(struct session *s);
/* The state that the site's changes are written to; NULL for NULL. */
/* Who the user is; NULL: it was not asked for, as there is no journal. */
const char *hand_who(const struct hand *hand);
struct state *hand_state(struct hand *hand);
/* Begins a run of which the changes from now on are rows. trigger: "undo" or "apply". *run: its number; 0 where nothing
 * is written. 0, or the exit code after the error was printed. */
int hand_run_begin(struct session *s, const char *cluster, const char *trigger, int64_t *run);
/* And ends it: message, outcome ("done", "partial", "failed") and counts of the run are looked at. What could not be
 * written is printed. */
void hand_run_end(struct session *s, const struct store_run *run);
/* Waits until all is written; what could not be is printed. NULL is allowed. False: something could not be. */
bool hand_close(struct session *s);

/* The socket of the daemon that has that state: --control, the configuration's `control`, else STATE.control. NULL: it
 * has none ("none", or a state that is not kept). */
const char *session_control_path(struct session *s, char out[4096]);
/* Where no daemon answered at that socket: does one have the state's file all the same? Blocks. 0; ERR_REFUSED: it has;
 * ERR_IO: the file cannot be looked at. The error is in s->error, and is not printed. */
int session_check_unheld(struct session *s);

#endif
