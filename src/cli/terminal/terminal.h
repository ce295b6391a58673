/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output and standard error of a command: what servers and files put into names, values and messages is shown,
 * and commands no terminal. */
#ifndef MPIJOBD_CLI_TERMINAL_TERMINAL_H
#define MPIJOBD_CLI_TERMINAL_TERMINAL_H

#include "base/outlet.h"

/* From here on what is printed passes a filter: control characters and those that turn a line's direction come out as
 * \u009b, what is no UTF-8 as U+FFFD. Colours of our own pass. Inside of JSON that is the same text. */
void terminal_guard(void);
/* What follows on standard output is for programs to the last byte (YAML): a pipe or a file gets it as it is. */
void terminal_exact(void);

/* Are colours wanted there? On a terminal only that knows them, and not with NO_COLOR. */
bool colour_wanted(int fd);
/* How many characters a line of that terminal has; 0: it is no terminal, or does not say. */
size_t terminal_width(int fd);
/* "2026-11-23T20:15:00Z" of microseconds since 1970, for a person: on a terminal in the local zone
 * ("2026-11-23T21:15:00+01:00"). */
void terminal_time(int64_t us, char out[32]);

/* For a daemon: from here on nothing that is printed waits for its reader, and what nobody takes is lost
 * (base/outlet.h). ERR_IO: no thread can be started; ERR_NOMEM. */
int terminal_detach(struct error *err);
/* How long terminal_finish waits in all for what nobody takes, in ms; < 0, as at first: without an end. */
void terminal_patience(int ms);
/* Of standard error, for the log; NULL: not detached. Stays until terminal_finish. */
struct outlet *terminal_outlet(void);
/* The end: what was printed has arrived then, or never will. 0, or the errno of standard output; ETIMEDOUT: nobody
 * takes it. What is printed from here on is written only where that cannot wait for ever. */
int terminal_finish(void);

#endif
