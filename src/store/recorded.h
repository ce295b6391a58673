/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what a run has seen, as bytes whose meaning is the caller's (record/record.h), in parts. They are kept
 * beside the journal, packed on the store's thread, and are together no larger than the caller says: where there is no
 * room, the oldest leave first, of the policy that takes most. How the functions with `done` answer is in store/done.h.
 * For the loop's thread. */
#ifndef MPIJOBD_STORE_RECORDED_H
#define MPIJOBD_STORE_RECORDED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "store/done.h"

struct journal;

struct store_recorded {
    int64_t run;        /* its number in the journal */
    const char *policy; /* its name */
    struct str bytes;   /* of this part; copied */
    int64_t part;       /* from 0, in their order */
    bool last;          /* no further part comes */
    bool forget;        /* instead of a part: the recording is given up, and what was kept of it is removed */
    int64_t most;       /* bytes on the disk that all recordings may take */
};
/* Soon. Parts of a recording that had to leave meanwhile are dropped without an error. */
void journal_record(struct journal *journal, const struct store_recorded *part, store_done done, void *data);

/* The parts of a run's recording, in their order; bytes are valid during the call, and `part` returns false to stop.
 * *whole: the last part is there; else the daemon died in the run. ERR_NOT_FOUND: there is no recording of that run.
 * Blocks, and fails as journal_read_changes; ERR_INVALID: it cannot be unpacked. */
int journal_read_recorded(struct journal *journal, int64_t run, bool (*part)(void *data, struct str bytes), void *data,
                          bool *whole, struct error *err);

/* The next run will have the number after this one: for a journal in memory in which a recorded run is done again. */
void journal_number_runs(struct journal *journal, int64_t last);

#endif
