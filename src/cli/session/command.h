/* SPDX-License-Identifier: Apache-2.0 */
/* A command: what it takes, and how it begins. Each is a file of its own. Its run gets the command line from the
 * command's name on, and returns the exit code. */
#ifndef MPIJOBD_CLI_SESSION_COMMAND_H
#define MPIJOBD_CLI_SESSION_COMMAND_H

#include "cli/session/options.h"

struct command {
    const char *name, *usage, *about;
    option_groups takes;
    int (*run)(int argc, char **argv, const struct command *command);
    const char *examples;
};

struct options;
/* Parses the command line; prints its mistakes, or the help. True: go on; false: exit with *code. */
bool command_begin(int argc, char **argv, const struct command *command, struct options *options, int *code);
/* Prints "mpijobd replace: message" and where the help is. Returns EXIT_USAGE. */
int command_usage(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The number of a run, as a word of the command line: from 1. False: another word, or a number that no run has. */
bool command_run_number(const char *word, int64_t *number);

#endif
