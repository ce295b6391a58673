/* SPDX-License-Identifier: Apache-2.0 */
/* The debugger's life: the client found, scripts looked on, the end told. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/debug/parts.h"
#include "script/embedded.h"

#define PORT_MAX 65535
#define FAREWELL_MS 5000

/* ---- where the client is ---- */

static int read_address(const char *text, struct sockaddr_in *address, struct error *err)
{
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    char host[64] = "127.0.0.1", *end;
    long number = strtol(port, &end, 10);
    if (colon && (size_t)(colon - text) < sizeof host)
        snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    if (*port < '0' || *port > '9' || *end || number > PORT_MAX || inet_pton(AF_INET, host, &address->sin_addr) != 1)
        return error_set(
            err, ERR_INVALID,
            "--debug takes PORT or HOST:PORT, with an address of this machine in numbers (127.0.0.1:4711), "
            "not \"%s\"",
            text);
    address->sin_port = htons((uint16_t)number);
    return 0;
}

static int io_error(struct error *err, const char *what)
{
    return error_set(err, ERR_IO, "--debug: %s: %s", what, strerror(errno));
}

/* The first client that comes to the address; nobody listens there afterwards. */
static int meet(const char *text, int *client, struct error *err)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int on = 1, rc = read_address(text, &address, err);
    if (rc)
        return rc;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0)
        return io_error(err, "no socket");
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&address, size) || listen(server, 1) ||
        getsockname(server, (struct sockaddr *)&address, &size)) {
        rc = io_error(err, text);
        close(server);
        return rc;
    }
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
    fprintf(stderr, "mpijobd test: waiting for a debugger at %s:%d\n", host, ntohs(address.sin_port));
    if ((ntohl(address.sin_addr.s_addr) >> 24) != 127)
        fprintf(stderr, "mpijobd test: whoever reaches this address may run Lua here; the protocol has no password\n");
    do {
        *client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    } while (*client < 0 && errno == EINTR);
    if (*client < 0)
        rc = io_error(err, text);
    close(server);
    return rc;
}

/* Standard output becomes the client's alone: what anybody prints goes elsewhere. */
static int take_standard(int *in, int *out, struct error *err)
{
    if (isatty(STDIN_FILENO))
        return error_set(err, ERR_INVALID,
                         "--debug alone speaks with an editor over standard input and output, and here is "
                         "a terminal; let the editor start it, or use --debug=PORT");
    *in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    *out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (*in < 0 || *out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return io_error(err, "standard input and output");
    return 0;
}

static ssize_t print(void *debugger, const char *bytes, size_t n)
{
    struct debugger *d = debugger;
    if (d->shown) {
        fwrite(bytes, 1, n, d->shown);
        fflush(d->shown);
    }
    if (!d->stream.gone)
        tell_output(d, "stdout", str_n(bytes, n));
    return (ssize_t)n;
}

static void came(uv_poll_t *poll, int status, int events)
{
    struct debugger *d = poll->data;
    (void)events;
    if (status == 0) {
        d->busy++;
        while (serve_one(d, false)) {
        }
        d->busy--;
    }
    if (status || d->stream.gone || d->stream.broken)
        uv_poll_stop(poll);
}

int debugger_open(uv_loop_t *loop, const char *address, struct debugger **out, struct error *err)
{
    static const cookie_io_functions_t printing = {.write = print};
    int in = -1, to = -1, rc = 0;
    if (*address)
        rc = meet(address, &in, err);
    else
        rc = take_standard(&in, &to, err);
    if (rc)
        return rc;
    struct debugger *d = calloc(1, sizeof *d);
    FILE *printed = d ? fopencookie(d, "w", printing) : NULL;
    if (!printed) {
        free(d);
        return error_nomem(err);
    }
    fflush(stdout);
    d->loop = loop;
    d->thread = uv_thread_self();
    d->shown = *address ? stdout : NULL;
    d->printed = printed;
    stdout = printed;
    setvbuf(stdout, NULL, _IOLBF, 0);
    stream_open(&d->stream, in, *address ? in : to);
    d->line_base = d->column_base = 1;
    d->stop_uncaught = true;
    d->observer =
        (struct script_observer){.line = on_line, .failed = on_failed, .raised = on_raised, .gone = on_gone, .data = d};
    debugger_add_source(d, "=sweep", str_n(embedded_sweep, embedded_sweep_len));
    debugger_add_source(d, "=mpijob", str_n(embedded_mpijob, embedded_mpijob_len));
    if (uv_poll_init(loop, &d->poll, in) == 0) { /* not of a file: then the client is heard at the next line of Lua */
        d->polling = true;
        d->poll.data = d;
        uv_poll_start(&d->poll, UV_READABLE, came);
    }
    *out = d;
    return 0;
}

/* ---- scripts ---- */

void on_gone(void *debugger, struct script *script)
{
    struct debugger *d = debugger;
    for (size_t i = 0; i < d->script_count; i++) {
        if (d->scripts[i] == script)
            d->scripts[i--] = d->scripts[--d->script_count];
    }
}

void debugger_observe(struct debugger *d, lua_State *L)
{
    if (!d)
        return;
    if (d->script_count == d->script_cap) {
        size_t cap = d->script_cap ? 2 * d->script_cap : 16;
        struct script **scripts = realloc(d->scripts, cap * sizeof *scripts); // NOLINT(bugprone-sizeof-expression)
        if (!scripts) {
            luaL_error(L, "out of memory");
            return;
        }
        d->scripts = scripts;
        d->script_cap = cap;
    }
    d->scripts[d->script_count++] = script_of(L);
    lua_getglobal(L, "xpcall");
    d->xpcall = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    lua_pushcfunction(L, on_protected_call);
    lua_setglobal(L, "pcall");
    script_observe(script_of(L), &d->observer);
}

void debugger_heard(void *debugger, enum log_level level, const char *message, const struct log_field *fields,
                    struct str line)
{
    struct debugger *d = debugger;
    uv_thread_t here = uv_thread_self();
    (void)level;
    (void)message;
    (void)fields;
    if (!d->stream.gone && uv_thread_equal(&here, &d->thread))
        tell_output(d, "console", line);
}

bool debugger_over(const struct debugger *d)
{
    return d && d->over;
}

/* ---- the end ---- */

static void closed(uv_handle_t *handle)
{
    struct debugger *d = handle->data;
    stream_close(&d->stream);
    buf_free(&d->out);
    breakpoints_free(d);
    sources_free(d);
    free(d->scripts);
    free(d->frames);
    free(d->refs);
    free(d->threads);
    free(d->launch.cwd);
    for (char **path = d->launch.paths; path && *path; path++)
        free(*path);
    free(d->launch.paths);
    free(d->launch.run);
    free(d->launch.tags);
    free(d->launch.exclude_tags);
    free(d);
}

void debugger_close(struct debugger *d, int exit_code)
{
    if (!d)
        return;
    fflush(stdout);
    event_begin(d, "exited");
    json_write_key(&d->w, "exitCode");
    json_write_int(&d->w, exit_code);
    message_end(d);
    event_begin(d, "terminated");
    message_end(d);
    d->busy++;
    d->stopped = false;
    while (!d->stream.gone && !d->stream.broken && stream_wait(&d->stream, FAREWELL_MS) && serve_one(d, false)) {
    }
    stdout = d->shown ? d->shown : fdopen(STDOUT_FILENO, "w");
    fclose(d->printed);
    if (d->polling) {
        uv_close((uv_handle_t *)&d->poll, closed);
    } else {
        d->poll.data = d;
        closed((uv_handle_t *)&d->poll);
    }
}
