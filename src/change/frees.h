/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal keeps of a change that has the controller give GPUs back, for sums over it:
 *
 *     {"gpus": 8, "ends_by_itself": 1796083860000000, "labels": {"team": "vision"}}
 *
 * gpus: that the finished job held, by its status and cleanPodPolicy; ends_by_itself: microseconds since 1970, when the
 * controller would have deleted the job, with its pods, for its ttlSecondsAfterFinished; left out: never. labels: of
 * the job, as far as FREES_LABELS_MAX bytes of names and values go. */
#ifndef MPIJOBD_CHANGE_FREES_H
#define MPIJOBD_CHANGE_FREES_H

#include "base/buf.h"

#define FREES_LABELS_MAX 1024

struct change;

/* Of a change that has been judged. Nothing is appended where it gives no GPUs back. */
void change_frees(const struct change *change, struct buf *out);

#endif
