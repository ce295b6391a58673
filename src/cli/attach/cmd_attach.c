/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd attach: a prompt in the running daemon. */
#include "cli/attach/cmd_attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/visible.h"
#include "cli/attach/line.h"
#include "cli/attach/pager.h"
#include "cli/session/hand.h"
#include "cli/session/session.h"
#include "control/asker.h"
#include "json/write.h"

#define COMPLETE_MS 2000
#define CHUNK_MAX ((size_t)1024 * 1024)

struct attach {
    struct session s;
    struct control_asker *asker;
    struct line *line; /* NULL: there is no terminal */
    int64_t id;        /* of the session; 0: it has not begun */
    bool over;         /* it has ended; why is in s.error */
    bool waiting;      /* for a call's answer */
    bool complete;     /* which is a completion's */
    bool failed;       /* one of the calls has */
    bool more;         /* the chunk is not whole */
    struct buf chunk;
    struct buf *names;
};

/* ---- what the daemon tells ---- */

static void add_text(struct json json, struct buf *out)
{
    struct buf text = BUF_INIT;
    if (json_decode(json, &text))
        visible_add(out, buf_str(&text));
    buf_free(&text);
}

static void begun(void *data, struct json line)
{
    struct attach *a = data;
    json_int64(json_get(line, "session"), &a->id);
}

static void ended(void *data, struct json result, const struct error *err)
{
    struct attach *a = data;
    (void)result;
    a->over = true;
    if (err)
        a->s.error = *err;
}

static void printed(void *data, struct json line)
{
    struct buf text = BUF_INIT;
    (void)data;
    add_text(json_get(line, "printed"), &text);
    fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout);
    fflush(stdout);
    buf_free(&text);
}

static void take_names(struct attach *a, struct json values)
{
    struct buf list = BUF_INIT;
    struct json root;
    if (json_decode(values, &list) && json_parse(buf_str(&list), "the names", &root, NULL) == 0) {
        for (struct json_iter it = json_iter(root); json_next(&it);) {
            add_text(it.value, a->names);
            buf_putc(a->names, '\n');
        }
    }
    buf_free(&list);
}

static void show_failure(struct attach *a, struct str text)
{
    a->failed = true;
    fflush(stdout);
    fprintf(stderr, "%.*s\n", (int)text.len, text.ptr ? text.ptr : "");
}

static void show_values(const struct attach *a, struct json values)
{
    struct buf text = BUF_INIT;
    add_text(values, &text);
    if (text.len && a->line) {
        pager_show(buf_str(&text));
    } else if (text.len) {
        fwrite(text.ptr, 1, text.len, stdout);
        putchar('\n');
        fflush(stdout); /* whoever reads it may wait for it before the next line */
    }
    buf_free(&text);
}

static void answered(void *data, struct json result, const struct error *err)
{
    struct attach *a = data;
    struct buf failed = BUF_INIT;
    a->waiting = false;
    a->more = !err && json_exists(json_get(result, "more"));
    if (a->complete) {
        if (!err)
            take_names(a, json_get(result, "values"));
    } else if (err) {
        visible_add(&failed, str_of(err->message));
        if (!a->over) /* else why is told once */
            show_failure(a, buf_str(&failed));
    } else if (json_exists(json_get(result, "failed"))) {
        add_text(json_get(result, "failed"), &failed);
        show_failure(a, buf_str(&failed));
    } else if (!a->more) {
        show_values(a, json_get(result, "values"));
    }
    buf_free(&failed);
}

static void interrupt_answered(void *data, struct json result, const struct error *err)
{
    (void)data; /* the call's own answer tells it */
    (void)result;
    (void)err;
}

/* ---- asking ---- */

static int ask(struct attach *a, const struct control_question *question, struct buf *args, struct error *err)
{
    struct control_question q = *question;
    int rc = buf_result(args, "the question", err);
    q.args = (struct json){buf_str(args)};
    q.data = a;
    if (!rc)
        rc = control_ask(a->asker, &q, err);
    buf_free(args);
    return rc;
}

static int ask_begin(struct attach *a)
{
    struct buf args = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_write_key(&w, "write");
    json_write_bool(&w, a->s.options.write);
    json_write_key(&w, "override");
    json_write_bool(&w, a->s.options.override);
    if (a->s.options.cluster) {
        json_write_key(&w, "cluster");
        json_write_string(&w, a->s.options.cluster);
    }
    json_write_end(&w);
    int rc = ask(a, &(struct control_question){.verb = "attach", .told = begun, .done = ended}, &args, &a->s.error);
    while (!rc && !a->id && !a->over)
        uv_run(&a->s.loop, UV_RUN_ONCE);
    return rc ? rc : a->over ? a->s.error.code : 0;
}

static void ask_call(struct attach *a, struct str text, bool complete)
{
    struct buf args = BUF_INIT;
    struct json_writer w;
    struct error err;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_write_key(&w, "session");
    json_write_int(&w, a->id);
    json_write_key(&w, "text");
    json_write_str(&w, text);
    json_write_key(&w, "complete");
    json_write_bool(&w, complete);
    json_write_end(&w);
    a->waiting = true;
    a->complete = complete;
    struct control_question q = {.verb = "eval", .told = printed, .done = answered, .ms = complete ? COMPLETE_MS : 0};
    if (ask(a, &q, &args, &err))
        answered(a, (struct json){0}, &err);
    while (a->waiting)
        uv_run(&a->s.loop, UV_RUN_ONCE);
}

/* Ctrl-C. */
static void interrupt(void *data)
{
    struct attach *a = data;
    struct buf args = BUF_INIT;
    struct json_writer w;
    struct error err;
    if (!a->waiting || a->complete)
        return;
    json_writer_init(&w, &args);
    json_write_object(&w);
    json_write_key(&w, "session");
    json_write_int(&w, a->id);
    json_write_end(&w);
    if (ask(a, &(struct control_question){.verb = "interrupt", .done = interrupt_answered}, &args, &err))
        show_failure(a, str_of(err.message));
}

static void complete(void *data, struct str text, struct buf *out)
{
    struct attach *a = data;
    struct buf all = BUF_INIT;
    buf_add_str(&all, buf_str(&a->chunk));
    buf_add_str(&all, text);
    a->names = out;
    if (!all.failed)
        ask_call(a, buf_str(&all), true);
    buf_free(&all);
}

static bool is_over(void *data)
{
    return ((struct attach *)data)->over;
}

/* ---- the prompt ---- */

static enum line_end read_plain(struct buf *out)
{
    char *text = NULL;
    size_t size = 0;
    buf_reset(out);
    ssize_t n = getline(&text, &size, stdin);
    if (n > 0)
        buf_add(out, text, (size_t)n - (text[n - 1] == '\n'));
    free(text);
    return n > 0 ? LINE_READ : LINE_EOF;
}

static enum line_end read_line(const struct attach *a, struct buf *out)
{
    const char *prompt = a->chunk.len ? "      ...> " : a->s.options.write ? "mpijobd (write)> " : "mpijobd> ";
    return a->line ? line_read(a->line, prompt, out) : read_plain(out);
}

static bool leaves(const struct attach *a, struct str text)
{
    return a->line && !a->chunk.len && (str_is(str_trim(text), "exit") || str_is(str_trim(text), "quit"));
}

static void take_line(struct attach *a, struct str text)
{
    buf_add_str(&a->chunk, text);
    if (!str_trim(buf_str(&a->chunk)).len) {
        buf_reset(&a->chunk);
        return;
    }
    if (a->chunk.failed) {
        show_failure(a, str_of("a chunk has at most 1 MiB"));
        buf_reset(&a->chunk);
        return;
    }
    ask_call(a, buf_str(&a->chunk), false);
    if (a->more) {
        buf_putc(&a->chunk, '\n');
        return;
    }
    if (a->line)
        line_remember(a->line, a->chunk.ptr);
    buf_reset(&a->chunk);
}

static void converse(struct attach *a)
{
    struct buf line = BUF_INIT;
    buf_init(&line, CHUNK_MAX);
    while (!a->over) {
        enum line_end end = read_line(a, &line);
        if (end == LINE_INTERRUPTED) {
            puts("^C");
            buf_reset(&a->chunk);
        } else if (end != LINE_READ || leaves(a, buf_str(&line))) {
            if (a->line && end == LINE_EOF)
                putchar('\n');
            break;
        } else {
            take_line(a, buf_str(&line));
        }
    }
    if (a->chunk.len && !a->over)
        show_failure(a, str_of("the last chunk is not whole"));
    buf_free(&line);
}

/* ---- the command ---- */

static void closed(void *data)
{
    ((struct attach *)data)->s.flag = true;
}

static int open_line(struct attach *a)
{
    struct line_options options = {.loop = &a->s.loop, .complete = complete, .over = is_over, .data = a};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return 0;
    int rc = line_open(&options, &a->line, &a->s.error);
    if (rc)
        return rc;
    line_on_interrupt(a->line, interrupt);
    printf("mpijobd attach: %s; help() tells what there is, Ctrl-D leaves\n",
           a->s.options.write ? "this session writes, as a run of the journal" : "this session only reads (--write)");
    return 0;
}

static int attach(struct attach *a)
{
    char path[4096];
    struct session *s = &a->s;
    const char *at = session_control_path(s, path);
    int rc = at ? control_connect(&s->loop, at, &a->asker, &s->error)
                : error_set(&s->error, ERR_NOT_FOUND, "no daemon can be asked: its control socket is turned off");
    if (rc)
        return rc;
    rc = ask_begin(a);
    if (!rc)
        rc = open_line(a);
    if (!rc)
        converse(a);
    bool over = a->over;
    struct error why = s->error;
    if (a->line) {
        line_close(a->line, closed, a);
        session_wait(s);
    }
    control_asker_close(a->asker, closed, a);
    session_wait(s);
    s->error = why;
    return rc || over ? why.code : 0;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct attach a = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count)
        return command_usage(command, "takes no arguments; mpijobd eval EXPR evaluates one expression");
    code = session_open(&a.s, command->name, &o);
    if (code)
        return code;
    buf_init(&a.chunk, CHUNK_MAX);
    if (attach(&a))
        code = session_fail(&a.s, &a.s.error);
    else if (a.failed && !a.line)
        code = EXIT_FAILED;
    buf_free(&a.chunk);
    return session_close(&a.s, code);
}

const struct command cmd_attach = {"attach",
                                   "[--write] [--cluster NAME]",
                                   "A Lua prompt in the running daemon, with completion and history",
                                   TAKES_STATE | TAKES_PROMPT,
                                   run,
                                   "  mpijobd attach                 help() tells what there is, Ctrl-D leaves\n"
                                   "  mpijobd attach --write         what it writes is a run in the journal\n"
                                   "  mpijobd attach < look.lua      line by line, without a terminal\n"};
