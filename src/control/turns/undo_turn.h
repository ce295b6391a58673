/* SPDX-License-Identifier: Apache-2.0 */
/* The turns of writes that commands make for a policy, beside its runs: by one rate, in the order of asking. */
#ifndef MPIJOBD_CONTROL_TURNS_UNDO_TURN_H
#define MPIJOBD_CONTROL_TURNS_UNDO_TURN_H

#include "control/control.h"

/* data: the struct engine, which outlives the control. */
extern const struct control_verb undo_turn_verbs[];

#endif
