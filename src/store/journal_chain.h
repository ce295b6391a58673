/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's chain (store/chain): its head, and whether the rows are as they were written. */
#ifndef MPIJOBD_STORE_JOURNAL_CHAIN_H
#define MPIJOBD_STORE_JOURNAL_CHAIN_H

#include "base/error.h"
#include "store/chain/chain.h"

struct journal;

/* The head of what is committed; of an empty journal it has the number 0. Does not block. */
void journal_head(struct journal *journal, char out[CHAIN_HEAD_SIZE]);

/* Reads the whole journal and sums it up again. head: one that journal_head gave earlier, and that must be in the
 * chain; NULL: none. fault is called for each of the first CHAIN_FAULTS_MOST things that are wrong, with a sentence.
 *
 * 0: it was looked through, and report says what was found. Blocks, as journal_read_changes. ERR_INVALID: head does
 * not have the form of one. ERR_IO, ERR_NOMEM; ERR_CANCELLED: the store is closing. */
int journal_verify(struct journal *journal, const char *head, void (*fault)(void *data, const char *text), void *data,
                   struct chain_report *report, struct error *err);

#endif
