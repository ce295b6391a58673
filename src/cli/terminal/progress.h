/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long piece of work is, in one line of the terminal that is written again and again. Nothing is shown where
 * standard error is no terminal, nor of what is over within a moment. */
#ifndef MPIJOBD_CLI_TERMINAL_PROGRESS_H
#define MPIJOBD_CLI_TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool on, shown;
    uint64_t begun, told; /* nanoseconds, by the machine's clock */
    size_t jobs;          /* that are done */
};

void progress_begin(struct progress *p);
/* In bytes. */
void progress_tell(struct progress *p, int64_t done, int64_t total);
/* One job more is done, of `total`; 0: nobody knows how many there are.
 *     [##########----------]  57 of 103 jobs, 12 a second, about 4s left */
void progress_job(struct progress *p, size_t total);
/* So many jobs are done by now. */
void progress_jobs(struct progress *p, size_t done, size_t total);
/* Something else is printed next: the line goes, and comes again with the next progress_job. */
void progress_clear(struct progress *p);
/* The line goes. May be called twice, or without a beginning. */
void progress_end(struct progress *p);

#define PROGRESS_SIZE 32
/* "412 B", "1.2 MiB". Returns out. */
const char *progress_bytes(int64_t bytes, char out[PROGRESS_SIZE]);

#endif
