/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output and standard error of a command: what servers and files put into names, values and messages is shown,
 * and commands no terminal. */
#ifndef MPIJOBD_CLI_TERMINAL_H
#define MPIJOBD_CLI_TERMINAL_H

/* From here on what is printed passes a filter: control characters and those that turn a line's direction come out as
 * \u009b, what is no UTF-8 as U+FFFD. Colours of our own pass. Inside of JSON that is the same text. */
void terminal_guard(void);
/* What follows on standard output is for programs to the last byte (YAML): a pipe or a file gets it as it is. */
void terminal_exact(void);

#endif
