/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as a chain: each row that is written adds an entry with a sum over the row and over the entry before it.
 * Who changes, adds or removes a row afterwards breaks the chain. Who writes the whole file again does not; his chain
 * has another head, so a head that was kept outside of the file finds him. */
#ifndef MPIJOBD_STORE_CHAIN_CHAIN_H
#define MPIJOBD_STORE_CHAIN_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "48213:" and 64 hexadecimal digits: the number of the last entry, and its sum (SHA-256). */
#define CHAIN_HEAD_SIZE 88

struct chain_report {
    int64_t entries, changes, runs; /* that were looked at */
    int64_t left;         /* changes and runs that have left by age or size, while entries of them are there */
    int64_t since, until; /* instants of the first and the last entry, microseconds since 1970; 0: none */
    int64_t head_at;      /* of the entry that the given head names; 0: unknown */
    int64_t faults;       /* what is wrong: a fault each */
    bool older;           /* the fault that is told now: the given head is younger than the file's end */
    char head[CHAIN_HEAD_SIZE];
};

#define CHAIN_FAULTS_MOST 20 /* things that are wrong and are told; all are counted */

#endif
