/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd log-level: which lines the running daemon writes into its log, part by part, and whether it counts those that
 * repeat. */
#include <stdio.h>
#include <string.h>

#include "base/log_fold.h"
#include "base/log_levels.h"
#include "cli/ask/cmd_ask.h"
#include "cli/session/daemon.h"
#include "time/duration.h"

struct leveling {
    struct session s;
    char levels[512]; /* "": they stay */
    int64_t window;   /* of lines that repeat, in microseconds; -1: it stays */
};

static void write_levels(void *data, struct json_writer *w)
{
    const struct leveling *l = data;
    if (*l->levels) {
        json_write_key(w, "levels");
        json_write_string(w, l->levels);
    }
    if (l->window >= 0) {
        json_write_key(w, "fold_seconds");
        json_write_int(w, l->window / CLOCK_SECOND);
    }
}

static void told(void *data, struct json result)
{
    const struct leveling *l = data;
    char text[64];
    if (l->s.options.output == OUTPUT_JSON) {
        printf("%.*s\n", (int)result.text.len, result.text.ptr);
        return;
    }
    json_string_at(result, "/level", text, sizeof text);
    puts(text);
    for (struct json_iter it = json_iter(json_get(result, "parts")); json_next(&it);) {
        char part[64];
        json_string_at(it.key, "", part, sizeof part);
        json_string_at(it.value, "", text, sizeof text);
        printf("%s=%s\n", part, text);
    }
    int64_t seconds;
    if (!json_int64(json_get(result, "fold_seconds"), &seconds) || seconds == LOG_FOLD_WINDOW / CLOCK_SECOND)
        return;
    duration_format(seconds * CLOCK_SECOND, false, text);
    printf("lines that repeat are %s%s\n", seconds ? "counted for " : "all written", seconds ? text : "");
}

static int run(int argc, char **argv, const struct command *command)
{
    struct leveling l = {.levels = ""};
    int64_t window = -1;
    struct log_levels checked = {0};
    struct options o;
    struct error err;
    int code;
    char levels[sizeof l.levels] = "";
    bool reached;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    for (int i = 0; i < o.argument_count; i++) {
        size_t n = strlen(levels);
        if (snprintf(levels + n, sizeof levels - n, "%s%s", n ? "," : "", o.arguments[i]) >= (int)(sizeof levels - n))
            return command_usage(command, "takes %zu bytes of levels at most", sizeof levels);
    }
    if (log_levels_set(&checked, levels, &err))
        return command_usage(command, "%s", err.message);
    if (o.log_fold && duration_parse_or_off(o.log_fold, LOG_FOLD_LEAST, LOG_FOLD_MOST, &window, &err))
        return command_usage(command, "--log-fold %s", err.message);
    if (o.output != OUTPUT_TABLE && o.output != OUTPUT_JSON)
        return command_usage(command, "-o takes table or json here");
    code = session_open(&l.s, command->name, &o);
    if (code)
        return code;
    l.window = window;
    snprintf(l.levels, sizeof l.levels, "%s", levels);
    struct daemon_question q = {.verb = "log-level", .more = write_levels, .answered = told, .data = &l};
    int rc = daemon_ask(&l.s, &q, &reached);
    return session_close(&l.s, rc ? session_fail(&l.s, &l.s.error) : EXIT_DONE);
}

const struct command cmd_log_level = {
    "log-level",
    "[[PART=]LEVEL...] [--log-fold DURATION] [-o json]",
    "Have the running daemon write more or less into its log, in all or part by part",
    TAKES_STATE | TAKES_OUTPUT | TAKES_FOLD,
    run,
    "  mpijobd log-level                        what it is\n"
    "  mpijobd log-level http=debug             each request to a server, until the daemon ends or it is set back\n"
    "  mpijobd log-level http=default warn      as the others again, which are at warn now\n"
    "  mpijobd log-level --log-fold false       each line is written, also those that repeat\n",
};
