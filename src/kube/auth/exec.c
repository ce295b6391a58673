#include "kube/auth/exec.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "kube/auth/exec_credential.h"
#include "loop/timer.h"

#define DRAIN_MS 500 /* after its end: what it has left behind may hold its output open for ever */
#define TAIL_MAX 2048
#define CHUNK 16384
#define INFO "KUBERNETES_EXEC_INFO"

extern char **environ;

enum end { ENDED, TIMED_OUT, TOO_LONG, NOT_STARTED, NO_MEMORY };

struct stream {
    uv_pipe_t pipe;
    struct exec *exec;
    bool ended;
};

struct exec {
    struct auth_source source;
    uv_loop_t *loop;
    uint64_t timeout_ms;
    char *name, *api_version, *command, *hint; /* name: "ORIGIN: the exec plugin COMMAND" */
    char **argv, **env;                        /* env holds secrets */
    char **given;                              /* within env: what the kubeconfig gave */

    /* A run. */
    bool running, exited;
    unsigned open; /* handles that libuv holds */
    enum end end;
    int not_started; /* libuv's code */
    int64_t status;
    int signal;
    uv_process_t process;
    struct stream out, err;
    struct deadline limit;
    struct buf text, tail;
    char chunk[CHUNK]; /* wiped at the end of a run */

    void (*closed)(void *data); /* NULL: it goes on */
    void *closed_data;
};

static void free_list(char **list, bool secret)
{
    for (size_t i = 0; list && list[i]; i++) {
        if (secret)
            secret_wipe(list[i], strlen(list[i]));
        free(list[i]);
    }
    free(list);
}

static void exec_free(struct exec *x)
{
    free(x->name);
    free(x->api_version);
    free(x->command);
    free(x->hint);
    free_list(x->argv, false);
    free_list(x->env, true);
    buf_free(&x->text);
    buf_free(&x->tail);
    free(x);
}

/* ---- what a run came to ---- */

static void add_hint(const struct exec *x, struct error *err)
{
    size_t n = strlen(err->message);
    if (x->hint && n + 4 < sizeof err->message)
        snprintf(err->message + n, sizeof err->message - n, ". %s", x->hint);
}

/* The values that the kubeconfig gives to it may be secret, and programs like to print their environment. */
static void hide_given(const struct exec *x, struct buf *text)
{
    for (size_t i = 0; x->given[i]; i++) {
        const char *value = strchr(x->given[i], '=') + 1;
        size_t n = strlen(value);
        for (char *at = text->ptr;
             n >= 6 && text->len && (at = memmem(at, (size_t)(text->ptr + text->len - at), value, n)); at += n)
            memset(at, '*', n);
    }
}

/* Its last words, on one line. */
static void add_tail(struct exec *x, struct error *err)
{
    struct buf line = BUF_INIT;
    hide_given(x, &x->tail);
    struct str tail = str_trim(buf_str(&x->tail));
    while (tail.len && ((unsigned char)*tail.ptr & 0xC0) == 0x80) /* cut within a character */
        tail = str_n(tail.ptr + 1, tail.len - 1);
    for (size_t i = 0; i < tail.len; i++) {
        unsigned char c = (unsigned char)tail.ptr[i];
        if (c == '\n' && line.len)
            buf_puts(&line, " | ");
        else
            buf_putc(&line, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
    size_t n = strlen(err->message);
    if (line.ptr)
        snprintf(err->message + n, sizeof err->message - n, "; it said: %s", line.ptr);
    buf_free(&line);
}

static int describe(struct exec *x, struct credential *credential, struct error *err)
{
    struct error why;
    int rc = 0;
    switch (x->end) {
    case NO_MEMORY:
        return error_nomem(err);
    case NOT_STARTED:
        rc = error_set(err, ERR_IO, "%s could not be started: %s", x->name, uv_strerror(x->not_started));
        add_hint(x, err);
        return rc;
    case TIMED_OUT:
        rc = error_set(err, ERR_TIMEOUT, "%s did not end within %" PRIu64 ".%" PRIu64 " s and was killed", x->name,
                       x->timeout_ms / 1000, x->timeout_ms % 1000 / 100);
        break;
    case TOO_LONG:
        rc = error_set(err, ERR_LIMIT, "%s printed more than 1 MiB and was killed", x->name);
        break;
    case ENDED:
        if (x->signal)
            rc = error_set(err, ERR_IO, "%s was ended by signal %d (%s)", x->name, x->signal, strsignal(x->signal));
        else if (x->status)
            rc = error_set(err, ERR_IO, "%s failed with exit status %" PRId64, x->name, x->status);
        else if ((rc = exec_credential_read(buf_str(&x->text), x->api_version, clock_now(NULL), credential, &why)))
            error_set(err, rc, "%s: %s", x->name, why.message);
        break;
    }
    if (rc)
        add_tail(x, err);
    return rc;
}

static void run_is_over(struct exec *x)
{
    struct credential credential = CREDENTIAL_INIT;
    struct error err;
    x->running = false;
    if (x->closed) {
        void (*closed)(void *) = x->closed;
        void *data = x->closed_data;
        exec_free(x);
        closed(data);
        return;
    }
    int rc = describe(x, &credential, &err);
    buf_free(&x->text);
    buf_free(&x->tail);
    x->source.fetched(x->source.data, rc ? NULL : &credential, rc ? &err : NULL);
}

/* ---- a run ---- */

static void handle_is_closed(struct exec *x)
{
    if (--x->open == 0)
        run_is_over(x);
}

static void pipe_is_closed(uv_handle_t *handle)
{
    handle_is_closed(((struct stream *)handle->data)->exec);
}

static void process_is_closed(uv_handle_t *handle)
{
    handle_is_closed(handle->data);
}

static void limit_is_closed(struct deadline *limit)
{
    handle_is_closed(limit->data);
}

static void finish(struct exec *x)
{
    if (uv_is_closing((uv_handle_t *)&x->process))
        return;
    secret_wipe(x->chunk, sizeof x->chunk);
    uv_close((uv_handle_t *)&x->process, process_is_closed);
    uv_close((uv_handle_t *)&x->out.pipe, pipe_is_closed);
    uv_close((uv_handle_t *)&x->err.pipe, pipe_is_closed);
    deadline_close(&x->limit, limit_is_closed);
}

/* With all that it has started: it is the head of its process group. Its end is then told by libuv. */
static void kill_it(struct exec *x, enum end why)
{
    if (x->end == ENDED)
        x->end = why;
    if (!x->exited && x->end != NOT_STARTED && x->process.pid > 1)
        kill(-x->process.pid, SIGKILL);
}

static void limit_rang(struct deadline *limit)
{
    struct exec *x = limit->data;
    if (x->exited)
        finish(x);
    else
        kill_it(x, TIMED_OUT);
}

static void finish_if_done(struct exec *x)
{
    if (!x->exited)
        return;
    if ((x->out.ended && x->err.ended) || x->end != ENDED || x->closed)
        finish(x);
    else
        deadline_set(&x->limit, DRAIN_MS);
}

static void on_exit_of_it(uv_process_t *process, int64_t status, int signum)
{
    struct exec *x = process->data;
    x->exited = true;
    x->status = status;
    x->signal = signum;
    finish_if_done(x);
}

/* One chunk for both streams: libuv reads and hands over at once. */
static void give_chunk(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)size;
    struct exec *x = ((struct stream *)handle->data)->exec;
    *buf = uv_buf_init(x->chunk, sizeof x->chunk);
}

static void keep_output(struct exec *x, const char *bytes, size_t n)
{
    buf_add(&x->text, bytes, n);
    if (x->text.failed)
        kill_it(x, x->text.failed == ERR_LIMIT ? TOO_LONG : NO_MEMORY);
}

static void keep_tail(struct exec *x, const char *bytes, size_t n)
{
    if (n > TAIL_MAX) {
        bytes += n - TAIL_MAX;
        n = TAIL_MAX;
    }
    if (x->tail.len + n > TAIL_MAX) {
        size_t drop = x->tail.len + n - TAIL_MAX;
        memmove(x->tail.ptr, x->tail.ptr + drop, x->tail.len - drop);
        x->tail.len -= drop;
    }
    buf_add(&x->tail, bytes, n); /* without memory its words are missing, no more */
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
    struct stream *s = pipe->data;
    struct exec *x = s->exec;
    if (n < 0) {
        uv_read_stop(pipe);
        s->ended = true;
        finish_if_done(x);
    } else if (s == &x->out && x->end == ENDED) {
        keep_output(x, buf->base, (size_t)n);
    } else if (s == &x->err) {
        keep_tail(x, buf->base, (size_t)n);
    }
}

static void open_stream(struct exec *x, struct stream *s)
{
    uv_pipe_init(x->loop, &s->pipe, 0);
    s->pipe.data = s;
    s->exec = x;
    s->ended = false;
}

static void spawn(struct exec *x, const char *path)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&x->out.pipe},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&x->err.pipe}};
    uv_process_options_t options = {
        .file = path,
        .args = x->argv,
        .env = x->env,
        .flags = UV_PROCESS_DETACHED, /* a session of its own: no terminal to ask at, and a group that can be killed */
        .stdio_count = 3,
        .stdio = stdio,
        .exit_cb = on_exit_of_it,
    };
    x->running = true;
    x->exited = false;
    x->end = ENDED;
    x->open = 4;
    x->text.secret = true;
    x->text.max = EXEC_OUTPUT_MAX;
    x->tail.secret = true;
    open_stream(x, &x->out);
    open_stream(x, &x->err);
    deadline_init(x->loop, &x->limit, limit_rang, x);
    x->not_started = uv_spawn(x->loop, &x->process, &options);
    x->process.data = x;
    if (!x->not_started)
        x->not_started = uv_read_start((uv_stream_t *)&x->out.pipe, give_chunk, on_read);
    if (!x->not_started)
        x->not_started = uv_read_start((uv_stream_t *)&x->err.pipe, give_chunk, on_read);
    if (x->not_started) {
        x->end = NOT_STARTED;
        finish(x);
    } else {
        deadline_set(&x->limit, x->timeout_ms);
    }
}

/* ---- where it is ---- */

static bool can_run(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The program's path in out (true), as a shell would find it. A PATH's empty part, the folder one is in, is left out.
 */
static bool find(const char *command, struct buf *out)
{
    const char *path = getenv("PATH");
    if (strchr(command, '/')) {
        buf_puts(out, command);
        return !out->failed && can_run(command);
    }
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t n = strcspn(at, ":");
        buf_reset(out);
        buf_printf(out, "%.*s/%s", (int)n, at, command);
        if (n && !out->failed && can_run(out->ptr))
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static int fetch(struct auth_source *source, struct error *err)
{
    struct exec *x = (struct exec *)source;
    struct buf path = BUF_INIT;
    int rc = 0;
    if (find(x->command, &path)) {
        spawn(x, path.ptr);
    } else if (path.failed) {
        rc = error_nomem(err);
    } else {
        bool there = strchr(x->command, '/') && access(x->command, F_OK) == 0;
        rc = error_set(err, ERR_NOT_FOUND, "%s %s", x->name,
                       there                     ? "is no program that may be run (chmod +x?)"
                       : strchr(x->command, '/') ? "does not exist"
                                                 : "is not in PATH; install it, or give its path as command");
        add_hint(x, err);
    }
    buf_free(&path);
    return rc;
}

static void close_source(struct auth_source *source, void (*closed)(void *data), void *data)
{
    struct exec *x = (struct exec *)source;
    if (!x->running) {
        exec_free(x);
        closed(data);
        return;
    }
    x->closed = closed;
    x->closed_data = data;
    kill_it(x, ENDED);
    finish_if_done(x);
}

/* ---- making it ---- */

static bool names_same(const char *a, const char *b)
{
    size_t n = strcspn(b, "=");
    return strncmp(a, b, n) == 0 && a[n] == '=';
}

static bool is_given(const char *variable, char *const *given)
{
    for (size_t i = 0; given[i]; i++) {
        if (names_same(variable, given[i]))
            return true;
    }
    return names_same(variable, INFO "=");
}

/* Ours, without what the kubeconfig sets itself, then that, then the plugin's instructions. */
static int make_env(struct exec *x, const struct kube_config *config, struct error *err)
{
    size_t n = 0, ours = 0, given = 0;
    while (environ && environ[ours])
        ours++;
    while (config->exec->env[given])
        given++;
    if (!(x->env = calloc(ours + given + 2, sizeof *x->env)))
        return error_nomem(err);
    struct buf info = BUF_INIT;
    buf_puts(&info, INFO "=");
    struct buf object = BUF_INIT;
    int rc = exec_info(config, &object, err);
    buf_add_str(&info, buf_str(&object));
    buf_free(&object);
    if (!rc && !(x->env[n++] = buf_take(&info, NULL)))
        rc = error_nomem(err);
    buf_free(&info);
    for (size_t i = 0; !rc && i < ours; i++) {
        if (!is_given(environ[i], config->exec->env) && !(x->env[n++] = str_dup(str_of(environ[i]))))
            rc = error_nomem(err);
    }
    x->given = x->env + n;
    for (size_t i = 0; !rc && i < given; i++) {
        if (!(x->env[n++] = str_dup(str_of(config->exec->env[i]))))
            rc = error_nomem(err);
    }
    return rc;
}

static int make_argv(struct exec *x, const struct kube_exec *exec, struct error *err)
{
    size_t n = 0;
    while (exec->args[n])
        n++;
    if (!(x->argv = calloc(n + 2, sizeof *x->argv)) || !(x->argv[0] = str_dup(str_of(exec->command))))
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (!(x->argv[i + 1] = str_dup(str_of(exec->args[i]))))
            return error_nomem(err);
    }
    return 0;
}

int exec_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t timeout_ms, struct auth_source **source,
                    struct error *err)
{
    const struct kube_exec *exec = config->exec;
    struct exec *x = calloc(1, sizeof *x);
    if (!x)
        return error_nomem(err);
    x->loop = loop;
    x->timeout_ms = timeout_ms ? timeout_ms : EXEC_TIMEOUT_MS;
    x->source = (struct auth_source){.fetch = fetch, .close = close_source};
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s: the exec plugin %s", exec->origin, exec->command);
    x->source.name = x->name = buf_take(&name, NULL);
    x->api_version = str_dup(str_of(exec->api_version));
    x->command = str_dup(str_of(exec->command));
    x->hint = exec->install_hint ? str_dup(str_of(exec->install_hint)) : NULL;
    int rc = x->name && x->api_version && x->command && (x->hint || !exec->install_hint) ? 0 : error_nomem(err);
    if (!rc)
        rc = make_argv(x, exec, err);
    if (!rc)
        rc = make_env(x, config, err);
    if (rc) {
        exec_free(x);
        return rc;
    }
    *source = &x->source;
    return 0;
}
