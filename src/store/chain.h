/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as a chain: each row that is written adds an entry with a sum over the row and over the entry before it.
 * Who changes, adds or removes a row afterwards breaks the chain. Who writes the whole file again does not; his chain
 * has another head, so a head that was kept outside of the file finds him. */
#ifndef MPIJOBD_STORE_CHAIN_H
#define MPIJOBD_STORE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct journal;

/* "48213:" and 64 hexadecimal digits: the number of the last entry, and its sum (SHA-256). */
#define CHAIN_HEAD_SIZE 88

/* The head of what is committed; of an empty journal it has the number 0. Does not block. */
void journal_head(struct journal *journal, char out[CHAIN_HEAD_SIZE]);

struct chain_report {
    int64_t entries, changes, runs; /* that were looked at */
    int64_t left;         /* changes and runs that have left by age or size, while entries of them are there */
    int64_t since, until; /* instants of the first and the last entry, microseconds since 1970; 0: none */
    int64_t head_at;      /* of the entry that the given head names; 0: unknown */
    int64_t faults;       /* what is wrong: a fault each */
    char head[CHAIN_HEAD_SIZE];
};

/* Reads the whole journal and sums it up again. head: one that journal_head gave earlier, and that must be in the
 * chain; NULL: none. fault is called for each of the first CHAIN_FAULTS_MOST things that are wrong, with a sentence.
 *
 * 0: it was looked through, and report says what was found. Blocks, as journal_read_changes. ERR_INVALID: head does
 * not have the form of one. ERR_IO, ERR_NOMEM; ERR_CANCELLED: the store is closing. */
#define CHAIN_FAULTS_MOST 20
int journal_verify(struct journal *journal, const char *head, void (*fault)(void *data, const char *text), void *data,
                   struct chain_report *report, struct error *err);

#endif
