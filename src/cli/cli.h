/* The commands. Each is a file of its own and takes the command line after its name; returns the exit code. */
#ifndef MPIJOBD_CLI_CLI_H
#define MPIJOBD_CLI_CLI_H

#include <stdbool.h>

#define MPIJOBD_VERSION "0.1.0"

int cli_main(int argc, char **argv);

struct command {
    const char *name, *usage, *about;
    unsigned takes; /* enum option_group */
    int (*run)(int argc, char **argv, const struct command *command);
    const char *examples;
};

extern const struct command cmd_run, cmd_check, cmd_plan, cmd_get, cmd_inspect, cmd_report, cmd_replace, cmd_journal,
    cmd_runs, cmd_next, cmd_doctor, cmd_rbac, cmd_version;

struct options;
/* Parses; tells a mistake or the help itself. True: go on; false: exit with *code. */
bool command_begin(int argc, char **argv, const struct command *command, struct options *options, int *code);
/* "mpijobd replace: message", and the hint to --help. Returns EXIT_USAGE. */
int command_usage(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
