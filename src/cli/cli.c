/* The table of commands: from the first word of the command line to its command. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/doctor/cmd_doctor.h"
#include "cli/report/cmd_report.h"
#include "cli/session/options.h"

static const struct command *const commands[] = {&cmd_run,    &cmd_check,   &cmd_plan,    &cmd_get,  &cmd_inspect,
                                                 &cmd_report, &cmd_replace, &cmd_journal, &cmd_runs, &cmd_next,
                                                 &cmd_doctor, &cmd_rbac,    &cmd_version, NULL};

static void help(void)
{
    puts("mpijobd: Lua policies that replace MPIJobs on a schedule, and say what really happened.\n\nUsage: mpijobd "
         "COMMAND "
         "[OPTIONS]\n\nCommands:");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-9s %s\n", commands[i]->name, commands[i]->about);
    puts("\nmpijobd COMMAND --help explains a command. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some changes "
         "failed, 4 "
         "stopped by "
         "a limit.");
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        help();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help();
        return EXIT_DONE;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    const char *names[sizeof commands / sizeof *commands] = {NULL};
    for (size_t i = 0; commands[i]; i++) {
        names[i] = commands[i]->name;
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1, commands[i]);
    }
    const char *near = str_nearest(name, names);
    fprintf(stderr, "mpijobd: there is no command \"%s\"%s%s%s\nSee mpijobd --help.\n", name,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return EXIT_USAGE;
}
