/* SPDX-License-Identifier: Apache-2.0 */
/* What must never be written, whoever asks for it and however: values that a server takes with a 200, and that stop a
 * controller for every job of the cluster, for this one, or every typed client. Beside mpijob_field_check, which is for
 * changes field by field, this is for whole objects. */
#ifndef MPIJOBD_MPIJOB_INSPECT_HARM_H
#define MPIJOBD_MPIJOB_INSPECT_HARM_H

#include "mpijob/view.h"

/* before: the object that is there, NULL: what it has is no excuse. ERR_REFUSED: `after` carries a harmful value that
 * `before` does not have in that place; the message says what comes of it, and the cure. ERR_NOMEM. */
int mpijob_harm_check(const struct mpijob_view *before, const struct mpijob_view *after, struct error *err);

#endif
