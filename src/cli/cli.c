/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: from the first word of the command line to its command. */
#include "cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/reserve.h"
#include "base/str.h"
#include "cli/apply/cmd_apply.h"
#include "cli/ask/cmd_ask.h"
#include "cli/attach/cmd_attach.h"
#include "cli/check/cmd_check.h"
#include "cli/commands.h"
#include "cli/complete/cmd_completion.h"
#include "cli/doctor/cmd_doctor.h"
#include "cli/environment.h"
#include "cli/get/cmd_get.h"
#include "cli/job/cmd_job.h"
#include "cli/journal/cmd_journal.h"
#include "cli/plan/cmd_plan.h"
#include "cli/plugins/cmd_plugins.h"
#include "cli/rbac/cmd_rbac.h"
#include "cli/report/cmd_report.h"
#include "cli/run/cmd_run.h"
#include "cli/session/options.h"
#include "cli/state/cmd_state.h"
#include "cli/terminal/terminal.h"
#include "cli/test/cmd_test.h"
#include "cli/undo/cmd_undo.h"

static const struct command *const commands[] = {
    &cmd_run,    &cmd_check,      &cmd_plan,    &cmd_apply,  &cmd_get,    &cmd_inspect,   &cmd_report,  &cmd_replace,
    &cmd_hold,   &cmd_job,        &cmd_journal, &cmd_runs,   &cmd_undo,   &cmd_status,    &cmd_trigger, &cmd_pause,
    &cmd_resume, &cmd_approve,    &cmd_reject,  &cmd_extend, &cmd_reload, &cmd_log_level, &cmd_eval,    &cmd_attach,
    &cmd_next,   &cmd_why,        &cmd_doctor,  &cmd_state,  &cmd_rbac,   &cmd_plugins,   &cmd_new,     &cmd_types,
    &cmd_test,   &cmd_completion, &cmd_version, NULL};

static void help(void)
{
    puts("mpijobd: Lua policies that replace MPIJobs on a schedule, and say what really happened.\n\nUsage: mpijobd "
         "COMMAND "
         "[OPTIONS]\n\nCommands:");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->about);
    puts("\nmpijobd COMMAND --help explains a command, and so does mpijobd help COMMAND. Exit codes: 0 done, 1 failed, "
         "2 wrong usage, 3 some changes "
         "failed, 4 "
         "stopped by "
         "a limit, or waiting for approval.");
}

static int unknown_command(const char *name)
{
    const char *names[sizeof commands / sizeof *commands] = {NULL};
    for (size_t i = 0; commands[i]; i++)
        names[i] = commands[i]->name;
    const char *near = str_nearest(name, names);
    fprintf(stderr, "mpijobd: there is no command \"%s\"%s%s%s\nSee mpijobd --help.\n", name,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return EXIT_USAGE;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    }
    return NULL;
}

/* Options may stand before the command: "mpijobd -n train get" is "mpijobd get -n train". False: there is no command.
 */
static bool command_first(int argc, char **argv)
{
    int at = options_first_word(argc, argv);
    if (at >= argc)
        return false;
    char *name = argv[at];
    for (; at > 1; at--)
        argv[at] = argv[at - 1];
    argv[1] = name;
    return true;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return cmd_version.run(argc - 1, argv + 1, &cmd_version);
    if (strcmp(argv[1], "__complete") == 0)
        return complete(argc - 2, argv + 2, commands);
    bool asks = strcmp(argv[1], "help") == 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (asks && argc == 2)) {
        help();
        return EXIT_DONE;
    }
    if (asks) { /* "help get" is "get --help" */
        static char option[] = "--help";
        const struct command *about = find(argv[2]);
        char *words[] = {argv[2], option, NULL};
        return about ? about->run(2, words, about) : unknown_command(argv[2]);
    }
    if (argv[1][0] == '-' && !command_first(argc, argv)) {
        fprintf(stderr, "mpijobd: no command is named; \"%s\" goes with one\nSee mpijobd --help.\n", argv[1]);
        return EXIT_USAGE;
    }
    const struct command *command = find(argv[1]);
    struct error err;
    if (environment_check(&err)) {
        fprintf(stderr, "mpijobd: %s\n", err.message);
        return EXIT_FAILED;
    }
    return command ? command->run(argc - 1, argv + 1, command) : unknown_command(argv[1]);
}

static bool reader_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* What was printed has to arrive: a full disk is a failure. Of a pipe whose reader has left, as head does, nothing is
 * said. Where a write in between has failed, the reason is lost. */
static int finish_output(int code)
{
    bool failed = ferror(stdout) != 0, left = reader_left();
    errno = 0;
    failed = fflush(stdout) != 0 || failed;
    int why = errno, arrived = terminal_finish();
    if (arrived && !failed) {
        failed = true;
        why = arrived;
    }
    if (fclose(stdout) != 0 && !failed) {
        failed = true;
        why = errno;
    }
    if (!failed)
        return code;
    if (!left && why != EPIPE)
        fprintf(stderr, "mpijobd: standard output cannot be written%s%s\n", why ? ": " : "", why ? strerror(why) : "");
    return code == EXIT_DONE || code == EXIT_CHANGES ? EXIT_FAILED : code;
}

int cli_main(int argc, char **argv)
{
    uv_replace_allocator(reserve_malloc, reserve_realloc, reserve_calloc, reserve_free); /* it would abort instead */
    terminal_guard();
    return finish_output(run(argc, argv));
}
