/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MPIJOBD_CLI_JOURNAL_JOURNAL_PARTS_H
#define MPIJOBD_CLI_JOURNAL_JOURNAL_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/session/session.h"
#include "history/fields.h"
#include "store/journal.h"

/* ---- change_cells.c ---- */
/* "spec.cleanPodPolicy: None -> All, labels.x: ..." of a diff in JSON. */
void change_cell(struct buf *out, const char *diff);
/* "effective", with what the pods showed of it: "effective, seen after 0.4 s". Returns out, or a text of the change. */
const char *effect_cell(const struct store_change *c, char *out, size_t size);

/* ---- given_up.c ---- */
/* Has a process that writes still the journal? A run without an end was given up where none has. */
struct given_up {
    const char *path; /* of the journal; stays */
    bool free;        /* none had it when the reading began */
};
void given_up_begin(struct given_up *g, const char *path); /* before the rows are read; blocks, as the next one */
/* The change's message: of one that is in flight though no process has the journal, to which server it was sent.
 * Returns out, or the change's own. */
const char *given_up_sent(const struct given_up *g, const struct store_change *c, char *out, size_t size);
/* The run as it is told: with the outcome "given up" where that is so. */
struct store_run given_up_told(const struct given_up *g, const struct store_run *run);

/* ---- empty.c: no row is what was asked for. Says what was asked for and is not there; the exit code ---- */
int journal_tell_empty(struct session *s, bool runs, const struct store_filter *filter);

/* ---- verify.c: the exit code; of one journal, and of each of several ---- */
int journal_command_verify(struct session *s);
int journal_command_verify_each(struct session *s);

#endif
