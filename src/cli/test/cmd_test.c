/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd test: finds the specs, runs them one after the other, and says what came of it. */
#include "cli/test/cmd_test.h"

#include <errno.h>
#include <ftw.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/debug/debug.h"
#include "cli/session/folder_watch.h"
#include "cli/session/session.h"
#include "cli/terminal/terminal.h"
#include "cli/test/coverage.h"
#include "cli/test/find.h"
#include "cli/test/from_run.h"
#include "cli/test/packed.h"
#include "cli/test/report.h"
#include "cli/test/spec_parts.h"

struct testing {
    struct options o;
    uv_loop_t loop;
    struct defer_queue soon;
    struct log log;
    struct report report;
    regex_t only;
    struct onlookers onlookers;
    const char *file; /* that runs */
    bool over;
};

/* ---- which tests ---- */

/* One of the comma separated names is among the tags. */
static bool tagged(const struct spec_test *test, const char *names)
{
    char word[128];
    while (*names) {
        size_t n = strcspn(names, ",");
        snprintf(word, sizeof word, " %.*s ", (int)n, names);
        if (n && strstr(test->tags, word))
            return true;
        names += n + (names[n] == ',');
    }
    return false;
}

static bool chosen(const struct testing *t, const struct spec_test *test)
{
    if (t->o.only && regexec(&t->only, test->name, 0, NULL, 0) != 0)
        return false;
    if (t->o.tags && !tagged(test, t->o.tags))
        return false;
    return !t->o.exclude_tags || !tagged(test, t->o.exclude_tags);
}

/* ---- running ---- */

static void told(void *data, const struct spec_test *test, const struct spec_result *result)
{
    struct testing *t = data;
    report_add(&t->report, t->file, test, result);
}

static void done(void *data)
{
    struct testing *t = data;
    t->over = true;
}

static void run_file(struct testing *t, const char *path)
{
    struct error err = {0};
    struct spec *spec;
    t->file = path;
    if (spec_open(&t->loop, &t->soon, &t->log, t->onlookers, path, &spec, &err)) {
        report_broken(&t->report, path, err.message);
        return;
    }
    for (size_t i = 0; i < spec_count(spec); i++) {
        struct spec_test *test = spec_test(spec, i);
        test->chosen = chosen(t, test);
        if (t->o.list && test->chosen)
            printf("%s:%d: %s\n", path, test->line, test->name);
    }
    t->over = t->o.list;
    if (!t->o.list)
        spec_run(spec, told, done, t);
    while (!t->over && uv_run(&t->loop, UV_RUN_ONCE)) {
        if (debugger_over(t->onlookers.debugger))
            spec_stop(spec);
    }
    spec_close(spec);
    uv_run(&t->loop, UV_RUN_NOWAIT);
}

/* The table of lines stands below the dots, and beside what programs read. False: fewer lines than --threshold asks. */
static bool cover(struct testing *t)
{
    if (!t->onlookers.coverage)
        return true;
    FILE *out = t->o.output == OUTPUT_TABLE ? stdout : stderr;
    double percent = coverage_report(t->onlookers.coverage, out);
    if (t->o.threshold < 0 || percent >= (double)t->o.threshold)
        return true;
    fprintf(stderr, "mpijobd test: %.1f%% of the lines, and --threshold is %d%%\n", percent, (int)t->o.threshold);
    return false;
}

static int run_all(struct testing *t, char **files)
{
    t->onlookers.coverage = t->o.coverage || t->o.threshold >= 0 ? coverage_new() : NULL;
    report_begin(&t->report, t->o.output, !t->onlookers.debugger && colour_wanted(STDOUT_FILENO));
    if (t->o.output == OUTPUT_TAP && !t->o.list)
        puts("TAP version 13");
    for (size_t i = 0; files[i] && !debugger_over(t->onlookers.debugger); i++)
        run_file(t, files[i]);
    bool good = !t->report.counts[SPEC_FAILURE] && !t->report.counts[SPEC_ERROR];
    bool none = !t->report.total && !t->o.list;
    if (!t->o.list)
        report_end(&t->report);
    if (!t->o.list && !cover(t))
        good = false;
    coverage_free(t->onlookers.coverage);
    if (none && good)
        fprintf(stderr, "mpijobd test: no test was run: none fits what was asked for\n");
    return good && !none ? EXIT_DONE : EXIT_FAILED;
}

/* What the client of the debugger asks for comes before what the command line says. */
static int take_launch(struct options *o, const struct debug_launch *launch, struct error *err)
{
    if (launch->cwd && chdir(launch->cwd) != 0)
        return error_set(err, ERR_NOT_FOUND, "cwd: %s: %s", launch->cwd, strerror(errno));
    if (launch->paths)
        o->arguments = launch->paths;
    if (launch->run)
        o->only = launch->run;
    if (launch->tags)
        o->tags = launch->tags;
    if (launch->exclude_tags)
        o->exclude_tags = launch->exclude_tags;
    return 0;
}

static int run_chosen(struct testing *t, struct error *err)
{
    char **files;
    if (t->o.only && regcomp(&t->only, t->o.only, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(err, ERR_INVALID, "run: \"%s\" is no extended regular expression", t->o.only);
    int code = find_specs(t->o.arguments, &files, err);
    if (!code) {
        code = run_all(t, files);
        free(files);
    }
    if (t->o.only)
        regfree(&t->only);
    return code;
}

/* With an editor that looks on. Its words are printed: then they come to the editor, too. */
static int run_debugged(struct testing *t)
{
    struct error err;
    struct debug_launch launch;
    int code = debugger_open(&t->loop, t->o.debug, &t->onlookers.debugger, &err);
    if (code) {
        fprintf(stderr, "mpijobd test: %s\n", err.message);
        return code == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED;
    }
    for (const struct embedded_module *m = embedded_test; m->name; m++) {
        char chunk[128];
        snprintf(chunk, sizeof chunk, "%c%s", strncmp(m->name, "test.", 5) == 0 ? '=' : '@', m->name);
        debugger_add_source(t->onlookers.debugger, chunk, str_n(m->bytes, m->len));
    }
    t->log.hear = debugger_heard;
    t->log.heard = t->onlookers.debugger;
    code = EXIT_FAILED;
    if (debugger_begin(t->onlookers.debugger, &launch)) {
        code = take_launch(&t->o, &launch, &err);
        if (!code)
            code = run_chosen(t, &err);
        if (code < 0) {
            printf("mpijobd test: %s\n", err.message);
            code = EXIT_FAILED;
        }
    }
    t->log.hear = NULL;
    debugger_close(t->onlookers.debugger, code);
    return code;
}

/* Again and again, with whatever specs there are by then. Ends with an error, or by a signal. */
static int run_watching(struct testing *t)
{
    struct error err;
    for (;;) {
        struct folder_watch *changes;
        char **files;
        int rc = find_specs(t->o.arguments, &files, &err);
        if (!rc && (rc = folder_watch_begin(&t->loop, files, &changes, &err)))
            free(files);
        if (rc) {
            fprintf(stderr, "mpijobd test: %s\n", err.message);
            return EXIT_FAILED;
        }
        run_all(t, files);
        printf("\nwaiting for a change\n");
        fflush(stdout);
        folder_watch_wait(changes);
        folder_watch_end(changes);
        free(files);
    }
}

static int close_loop(struct testing *t, int code)
{
    uv_run(&t->loop, UV_RUN_NOWAIT);
    defer_queue_close(&t->soon, NULL, NULL);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&t->loop) == 0)
        return code;
    fprintf(stderr, "mpijobd test: internal error: a handle was left open\n");
    return EXIT_FAILED;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct testing t = {0};
    struct error err;
    struct packed packed = {0};
    char **files = NULL;
    int code;
    if (!command_begin(argc, argv, command, &t.o, &code))
        return code;
    if (t.o.from_run && (t.o.debug || t.o.coverage || t.o.threshold >= 0 || t.o.watch || t.o.list || t.o.only))
        return command_usage(command, "--from-run goes with PATH, --state, --config and -o alone");
    if (t.o.from_run)
        return from_run(&t.o);
    if (t.o.state || t.o.config)
        return command_usage(command, "--state and --config go with --from-run: a test needs neither");
    signal(SIGPIPE, SIG_IGN);
    if (t.o.debug && (t.o.coverage || t.o.threshold >= 0 || t.o.watch || t.o.list))
        return command_usage(command, "--debug goes without --coverage, --threshold, --watch and --list");
    if (!t.o.debug && t.o.only && regcomp(&t.only, t.o.only, REG_EXTENDED | REG_NOSUB) != 0)
        return command_usage(command, "--run: \"%s\" is no extended regular expression", t.o.only);
    if (t.o.threshold > 100)
        return command_usage(command, "--threshold takes a number from 0 to 100");
    if (packed_open(&packed, t.o.arguments, &err) || (!t.o.debug && find_specs(t.o.arguments, &files, &err))) {
        fprintf(stderr, "mpijobd test: %s\n", err.message);
        packed_close(&packed);
        return EXIT_FAILED;
    }
    log_init(&t.log, STDERR_FILENO, NULL);
    if (uv_loop_init(&t.loop)) {
        fprintf(stderr, "mpijobd test: out of memory\n");
        packed_close(&packed);
        return EXIT_FAILED;
    }
    defer_queue_open(&t.loop, &t.soon);
    if (t.o.debug)
        code = run_debugged(&t);
    else
        code = t.o.watch ? run_watching(&t) : run_all(&t, files);
    code = close_loop(&t, code);
    free(files);
    packed_close(&packed);
    if (t.o.only && !t.o.debug)
        regfree(&t.only);
    return code;
}

const struct command cmd_test = {
    "test",
    "[PATH...] [--run REGEX] [--list] [--coverage] [--debug[=PORT]] [--from-run N]",
    "The specs of policies, with a cluster and a clock of their own; offline",
    TAKES_TEST,
    run,
    "  mpijobd test                               all *_spec.lua of this folder, and of the folders in it\n"
    "  mpijobd test policies/free-gpus.lua        the spec beside this policy\n"
    "  mpijobd test --run 'keep=true'             only tests whose name matches\n"
    "  mpijobd test -o junit >report.xml\n"
    "  mpijobd test --coverage --threshold 90\n"
    "  mpijobd test --watch                       and again with each change\n"
    "  mpijobd test --from-run 37                 a recorded run again: does it write the same bytes?\n"
    "  mpijobd test --debug=4711                  an editor's debugger comes to 127.0.0.1:4711\n"};
