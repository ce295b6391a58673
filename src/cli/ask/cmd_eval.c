/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd eval: Lua that the running daemon evaluates, for scripts. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/visible.h"
#include "cli/ask/cmd_ask.h"
#include "cli/session/daemon.h"

#define TEXT_MAX ((size_t)1024 * 1024)

struct evaluating {
    struct session s;
    struct str text;
    bool failed;
};

/* A text of the script's does not colour the terminal, either. */
static void write_text(struct json json, FILE *to)
{
    struct buf text = BUF_INIT, shown = BUF_INIT;
    if (json_decode(json, &text))
        visible_add(&shown, buf_str(&text));
    if (shown.len)
        fwrite(shown.ptr, 1, shown.len, to);
    buf_free(&text);
    buf_free(&shown);
}

/* What it prints goes beside its value where that is for a program. */
static void told(void *data, struct json line)
{
    const struct evaluating *e = data;
    write_text(json_get(line, "printed"), e->s.options.output == OUTPUT_JSON ? stderr : stdout);
}

static void answered(void *data, struct json result)
{
    struct evaluating *e = data;
    struct json values = json_get(result, "values"), failed = json_get(result, "failed");
    e->failed = json_exists(failed);
    if (e->failed) {
        fputs("mpijobd eval: ", stderr);
        write_text(failed, stderr);
        fputc('\n', stderr);
    } else if (!json_string_is(values, str_of(""))) {
        write_text(values, stdout);
        putchar('\n');
    }
}

static void more_args(void *data, struct json_writer *w)
{
    const struct evaluating *e = data;
    json_write_key(w, "text");
    json_write_str(w, e->text);
    json_write_key(w, "write");
    json_write_bool(w, e->s.options.write);
    json_write_key(w, "override");
    json_write_bool(w, e->s.options.override);
    json_write_key(w, "json");
    json_write_bool(w, e->s.options.output == OUTPUT_JSON);
    if (e->s.options.cluster) {
        json_write_key(w, "cluster");
        json_write_string(w, e->s.options.cluster);
    }
}

/* The message may be the script's own. */
static int fail(struct session *s)
{
    struct buf shown = BUF_INIT;
    visible_add(&shown, str_of(s->error.message));
    if (shown.ptr)
        error_set(&s->error, s->error.code, "%s", shown.ptr);
    buf_free(&shown);
    return session_fail(s, &s->error);
}

static int run(int argc, char **argv, const struct command *command)
{
    struct evaluating e = {0};
    struct options o;
    struct buf in = BUF_INIT;
    struct daemon_question q = {.verb = "eval", .more = more_args, .told = told, .answered = answered, .data = &e};
    bool reached;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count != 1)
        return command_usage(command, "takes one expression, in quotation marks, or - for standard input");
    if (o.output != OUTPUT_TABLE && o.output != OUTPUT_JSON)
        return command_usage(command, "-o takes table or json here");
    code = session_open(&e.s, command->name, &o);
    if (code)
        return code;
    e.text = str_of(o.arguments[0]);
    if (strcmp(o.arguments[0], "-") == 0) {
        code = file_read_input(&in, "-", TEXT_MAX, &e.s.error);
        e.text = buf_str(&in);
    }
    if (code || daemon_ask(&e.s, &q, &reached))
        code = fail(&e.s);
    else if (e.failed)
        code = EXIT_FAILED;
    buf_free(&in);
    return session_close(&e.s, code);
}

const struct command cmd_eval = {"eval",
                                 "EXPR|- [-o json] [--write] [--cluster NAME]",
                                 "Have the running daemon evaluate Lua, and print the values",
                                 TAKES_STATE | TAKES_OUTPUT | TAKES_PROMPT,
                                 run,
                                 "  mpijobd eval 'policies()'                                how each policy is\n"
                                 "  mpijobd eval '#jobs{ phase = \"Failed\" }'               a number, for a script\n"
                                 "  mpijobd eval -o json 'next()' | jq -r .[0].name\n"
                                 "  mpijobd eval --write - < mend.lua                        a run in the journal\n"};
