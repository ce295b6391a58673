#include "cli/cli.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/kinds.h"
#include "cli/options.h"

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
    puts("\nmpijobd COMMAND --help tells more. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some changes failed, 4 "
         "stopped by "
         "a limit.");
}

static void command_help(const struct command *c)
{
    printf("%s\n\nUsage: mpijobd %s %s\n\n", c->about, c->name, c->usage);
    options_help(c->takes);
    if (c->examples)
        printf("\nExamples:\n%s", c->examples);
}

int command_usage(const struct command *c, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "mpijobd %s: ", c->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nSee mpijobd %s --help.\n", c->name);
    return EXIT_USAGE;
}

bool command_begin(int argc, char **argv, const struct command *c, struct options *options, int *code)
{
    struct error err;
    if (options_parse(argc, argv, c->takes, options, &err)) {
        *code = command_usage(c, "%s", err.message);
        return false;
    }
    if ((c->takes & TAKES_KIND) && kinds_take(options, c->takes & TAKES_NAMES ? INT_MAX : 1, &err)) {
        *code = command_usage(c, "%s", err.message);
        return false;
    }
    if (options->help) {
        command_help(c);
        *code = EXIT_DONE;
        return false;
    }
    return true;
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
