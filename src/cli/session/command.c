/* How every command begins: its options, its help, its mistakes. */
#include "cli/session/command.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/session/kind_argument.h"
#include "cli/session/options.h"

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
