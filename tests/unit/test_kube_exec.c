/* SPDX-License-Identifier: Apache-2.0 */
/* Exec plugins, with real scripts: what they are told, what they give, how often they run, and how they fail. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/clock.h"
#include "certificates.h"
#include "http_peer.h"
#include "kube_server.h"
#include "moved_clock.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};
#define UNAUTHORIZED "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}"
#define V1 "client.authentication.k8s.io/v1"
#define HEAD "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":"

struct exec_world {
    struct kube_world world;
    char folder[300];
    FILE *log_file;
    struct log log;
};

static const char *path_of(struct exec_world *x, const char *name)
{
    static char paths[4][512];
    static unsigned at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", x->folder, name);
    return path;
}

static void write_file(struct exec_world *x, const char *name, const char *text)
{
    FILE *f = fopen(path_of(x, name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char **list_of(const char *one)
{
    char **list = calloc(2, sizeof *list);
    list[0] = one ? str_dup(str_of(one)) : NULL;
    return list;
}

/* A shell script; it notes each run in "runs" and has the folder as $1. */
static void plugin(struct exec_world *x, const char *script)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "#!/bin/sh\necho run >> \"$1/runs\"\n%s\n", script);
    write_file(x, "plugin", text.ptr);
    chmod(path_of(x, "plugin"), 0700);
    buf_free(&text);
    if (x->world.config.exec)
        return;
    struct kube_exec *exec = calloc(1, sizeof *exec);
    exec->origin = str_dup(str_of("config:3: user \"u\""));
    exec->api_version = str_dup(str_of(V1));
    exec->command = str_dup(str_of(path_of(x, "plugin")));
    exec->args = list_of(x->folder);
    exec->env = list_of("GIVEN=canary-given");
    exec->install_hint = str_dup(str_of("Get it at https://example.com/plugin"));
    x->world.config.exec = exec;
}

static void plugin_prints(struct exec_world *x, const char *status)
{
    struct buf script = BUF_INIT;
    buf_printf(&script, "cat <<'E'\n" HEAD "%s}\nE", status);
    plugin(x, script.ptr);
    buf_free(&script);
}

static size_t read_text(struct exec_world *x, const char *name, struct buf *text)
{
    *text = BUF_INIT;
    return buf_read_file(text, path_of(x, name), 1 << 20, NULL) == 0 ? text->len : 0;
}

static unsigned runs(struct exec_world *x)
{
    struct buf text;
    unsigned n = (unsigned)(read_text(x, "runs", &text) / 4);
    buf_free(&text);
    return n;
}

static int setup(void **state)
{
    static struct exec_world x;
    x = (struct exec_world){.log_file = tmpfile(), .folder = TEST_BINARY_DIR "/exec-XXXXXX"};
    assert_non_null(mkdtemp(x.folder));
    kube_world_open(&x.world);
    log_init(&x.log, fileno(x.log_file), NULL);
    x.log.level = LOG_DEBUG;
    x.world.options.log = &x.log;
    *state = &x;
    return 0;
}

static void lacks_secrets(const char *text)
{
    if (strstr(text, "canary") || strstr(text, "Y2FuYXJ5"))
        fail_msg("a secret is in: %s", text);
}

static int teardown(void **state)
{
    struct exec_world *x = *state;
    static char text[1 << 16];
    kube_world_close(&x->world);
    ssize_t n = pread(fileno(x->log_file), text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    lacks_secrets(text);
    fclose(x->log_file);
    static const char *const names[] = {"plugin", "runs", "info", "env", "token", "pid", "fifo", "go"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(x, names[i]));
    return rmdir(x->folder);
}

static void begin(struct exec_world *x, struct kube_result *r, struct kube_request **request)
{
    *r = (struct kube_result){.world = &x->world};
    if (!x->world.kube)
        kube_world_connect(&x->world);
    struct error err;
    if (kube_get(x->world.kube, CALL(.data = r), request, &err)) {
        r->ended = true;
        r->error = err;
    }
}

static void await(struct kube_result *r)
{
    kube_result_wait(r);
    free(r->body);
    r->body = NULL;
    if (r->error.code)
        lacks_secrets(r->error.message);
}

static struct kube_result get(struct exec_world *x)
{
    struct kube_result r;
    begin(x, &r, NULL);
    await(&r);
    return r;
}

static void good(struct exec_world *x)
{
    struct kube_result r = get(x);
    if (r.error.code)
        fail_msg("%s", r.error.message);
}

static void has_token(struct exec_world *x, unsigned request, const char *token)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "\r\nAuthorization: Bearer %s\r\n", token);
    if (!strstr(scripted_request(x->world.server, request), line.ptr))
        fail_msg("%s is not in %s", token, scripted_request(x->world.server, request));
    buf_free(&line);
}

static void wait_for_file(struct exec_world *x, const char *name)
{
    while (access(path_of(x, name), F_OK) != 0)
        uv_run(&x->world.loop, UV_RUN_NOWAIT);
}

/* ---- what it gives ---- */

static void a_token_is_kept(void **state)
{
    struct exec_world *x = *state;
    plugin_prints(x, "{\"token\":\"canary-1\"}");
    for (int i = 0; i < 3; i++)
        scripted_reply(x->world.server, 200, "", "{}");
    for (unsigned i = 0; i < 3; i++) {
        good(x);
        has_token(x, i, "canary-1");
    }
    assert_int_equal(runs(x), 1);
}

static void who_waits_shares_a_run(void **state)
{
    struct exec_world *x = *state;
    struct kube_result r[5];
    plugin_prints(x, "{\"token\":\"canary-1\"}");
    for (int i = 0; i < 5; i++)
        scripted_reply(x->world.server, 200, "", "{}");
    for (int i = 0; i < 5; i++)
        begin(x, &r[i], NULL);
    for (int i = 0; i < 5; i++) {
        await(&r[i]);
        assert_int_equal(r[i].error.code, 0);
    }
    assert_int_equal(runs(x), 1);
}

static void who_gives_up_leaves_it_running(void **state)
{
    struct exec_world *x = *state;
    struct kube_result r[2];
    struct kube_request *request;
    mkfifo(path_of(x, "fifo"), 0600);
    plugin(x, "touch $1/go; read line < $1/fifo; echo '" HEAD "{\"token\":\"canary-1\"}}'");
    scripted_reply(x->world.server, 200, "", "{}");
    begin(x, &r[0], &request);
    begin(x, &r[1], NULL);
    wait_for_file(x, "go");
    kube_cancel(request);
    await(&r[0]);
    assert_int_equal(r[0].error.code, ERR_CANCELLED);
    int fd = open(path_of(x, "fifo"), O_WRONLY);
    assert_int_equal(write(fd, "x\n", 2), 2);
    close(fd);
    await(&r[1]);
    assert_int_equal(r[1].error.code, 0);
    assert_int_equal(runs(x), 1);
    assert_int_equal(scripted_count(x->world.server), 1);
}

static void its_time_is_the_calls(void **state)
{
    struct exec_world *x = *state;
    struct kube_result r;
    mkfifo(path_of(x, "fifo"), 0600);
    plugin(x, "read line < $1/fifo");
    x->world.options.timeout_ms = 50000;
    begin(x, &r, NULL);
    uv_run(&x->world.loop, UV_RUN_NOWAIT);
    clock_move_ms(50000);
    await(&r);
    assert_int_equal(r.error.code, ERR_TIMEOUT);
    assert_non_null(strstr(r.error.message, "the credentials (a test) did not come in time"));
}

static void what_expires_is_fetched_anew(void **state)
{
    struct exec_world *x = *state;
    char at[32], status[200];
    clock_format(clock_now(NULL) + 3600 * CLOCK_SECOND, false, at);
    snprintf(status, sizeof status, "{\"token\":\"canary-1\",\"expirationTimestamp\":\"%s\"}", at);
    plugin_prints(x, status);
    scripted_reply(x->world.server, 200, "", "{}");
    scripted_reply(x->world.server, 200, "", "{}");
    good(x);
    assert_int_equal(runs(x), 1);
    plugin_prints(x, "{\"token\":\"canary-2\"}");
    clock_move_ms(3600000);
    uv_run(&x->world.loop, UV_RUN_NOWAIT);
    good(x);
    has_token(x, 1, "canary-2");
    assert_int_equal(runs(x), 2);
}

static void a_401_after_it_was_good(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "n=$(wc -l < $1/runs); echo '" HEAD "{\"token\":\"canary-'$n'\"}}'");
    static const int statuses[] = {200, 401, 200, 401, 401};
    for (size_t i = 0; i < 5; i++)
        scripted_reply(x->world.server, statuses[i], "", statuses[i] == 200 ? "{}" : UNAUTHORIZED);
    good(x);
    good(x);
    has_token(x, 1, "canary-1");
    has_token(x, 2, "canary-2");
    assert_int_equal(runs(x), 2);
    struct kube_result r = get(x); /* refused, and the next one too */
    assert_int_equal(r.error.status, 401);
    has_token(x, 4, "canary-3");
    assert_int_equal(runs(x), 3);
    /* From now on it is let alone for a while. */
    for (int i = 0; i < 3; i++) {
        scripted_reply(x->world.server, 401, "", UNAUTHORIZED);
        r = get(x);
        assert_int_equal(r.error.status, 401);
    }
    assert_int_equal(runs(x), 3);
}

static void a_token_that_was_never_good(void **state)
{
    struct exec_world *x = *state;
    plugin_prints(x, "{\"token\":\"canary-1\"}");
    x->world.options.plugin_pause_ms = 200000;
    scripted_reply(x->world.server, 401, "", UNAUTHORIZED);
    assert_int_equal(get(x).error.status, 401);
    assert_int_equal(runs(x), 1);
    clock_move_ms(200000);
    uv_run(&x->world.loop, UV_RUN_NOWAIT);
    plugin_prints(x, "{\"token\":\"canary-2\"}");
    scripted_reply(x->world.server, 401, "", UNAUTHORIZED);
    scripted_reply(x->world.server, 200, "", "{}");
    good(x);
    assert_int_equal(runs(x), 2);
}

static void serve_object(struct peer_conn *conn)
{
    while (peer_request(conn))
        peer_answer(conn, "200 OK", "Content-Type: application/json\r\n", "{}");
}

static void pem_into(struct buf *out, const char *pem)
{
    for (; *pem; pem++) {
        if (*pem == '\n')
            buf_puts(out, "\\n");
        else
            buf_putc(out, *pem);
    }
}

/* The server asks for a certificate, and does not take the second one. */
static void a_certificate(void **state)
{
    struct exec_world *x = *state;
    static struct peer peer;
    static struct identity authority, server, mine, other, other_authority;
    identity_make(&authority, NULL, "authority", NULL);
    identity_make(&other_authority, NULL, "other authority", NULL);
    identity_make(&server, &authority, "server", "IP:127.0.0.1");
    identity_make(&mine, &authority, "mine", NULL);
    identity_make(&other, &other_authority, "other", NULL);
    SSL_CTX *asks = server_context(&server, &authority);
    peer_start(&peer, serve_object, asks, NULL);
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%u", peer.port);
    free(x->world.config.server);
    x->world.config.server = str_dup(str_of(url));
    x->world.options.timeout_ms = 1000;
    buf_puts(&x->world.config.ca, authority.certificate_pem);
    const struct identity *const both[] = {&mine, &other};
    for (int i = 0; i < 2; i++) {
        char at[32];
        struct buf status = BUF_INIT;
        clock_format(clock_now(NULL) + 3600 * CLOCK_SECOND, false, at);
        buf_printf(&status, "{\"expirationTimestamp\":\"%s\",\"clientCertificateData\":\"", at);
        pem_into(&status, both[i]->certificate_pem);
        buf_puts(&status, "\",\"clientKeyData\":\"");
        pem_into(&status, both[i]->key_pem);
        buf_puts(&status, "\"}");
        plugin_prints(x, status.ptr);
        buf_free(&status);
        struct kube_result r = get(x);
        if ((r.error.code != 0) != i)
            fail_msg("%s", r.error.message);
        clock_move_ms(3600000);
        uv_run(&x->world.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(runs(x), 2);
    kube_close(x->world.kube, NULL, NULL);
    x->world.kube = NULL;
    while (uv_run(&x->world.loop, UV_RUN_NOWAIT) && atomic_load(&peer.connections) == 0)
        ;
    peer_stop(&peer);
    SSL_CTX_free(asks);
    identity_free(&authority);
    identity_free(&other_authority);
    identity_free(&server);
    identity_free(&mine);
    identity_free(&other);
}

/* ---- what it is told ---- */

static void its_environment(void **state)
{
    struct exec_world *x = *state;
    struct buf text;
    plugin(x, "printf %s \"$KUBERNETES_EXEC_INFO\" > $1/info; printf %s \"$GIVEN $HERE $(tty <&0)\" > $1/env; "
              "echo '" HEAD "{\"token\":\"canary-1\"}}'");
    setenv("HERE", "here", 1);
    setenv("GIVEN", "not this one", 1);
    x->world.config.exec->cluster_info = true;
    x->world.config.exec->cluster_extra = str_dup(str_of("{\"a\":1}"));
    buf_puts(&x->world.config.ca, "");
    x->world.config.tls_server_name = str_dup(str_of("api"));
    scripted_reply(x->world.server, 200, "", "{}");
    good(x);
    unsetenv("GIVEN");
    assert_true(read_text(x, "info", &text));
    struct buf expected = BUF_INIT;
    buf_printf(&expected,
               "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"spec\":{\"cluster\":{\"server\":\"%s\","
               "\"tls-server-name\":\"api\",\"config\":{\"a\":1}},\"interactive\":false}}",
               x->world.config.server);
    assert_string_equal(text.ptr, expected.ptr);
    buf_free(&expected);
    buf_free(&text);
    assert_true(read_text(x, "env", &text));
    assert_string_equal(text.ptr, "canary-given here not a tty");
    buf_free(&text);
}

/* What the last run was told holds this CA. */
static void was_told(struct exec_world *x, const struct identity *authority)
{
    struct buf text, wanted = BUF_INIT;
    buf_puts(&wanted, "\"certificate-authority-data\":\"");
    base64_encode(str_of(authority->certificate_pem), &wanted);
    buf_puts(&wanted, "\",\"config\":{\"a\":1}}");
    assert_true(read_text(x, "info", &text));
    if (!strstr(text.ptr, wanted.ptr))
        fail_msg("%s is not in %s", wanted.ptr, text.ptr);
    buf_free(&text);
    buf_free(&wanted);
}

/* The CA is told as its file is now; one that cannot be read leaves the one from before. */
static void a_rotated_ca(void **state)
{
    struct exec_world *x = *state;
    struct identity first, second;
    identity_make(&first, NULL, "first", NULL);
    identity_make(&second, NULL, "second", NULL);
    plugin(x, "printf %s \"$KUBERNETES_EXEC_INFO\" > $1/info; n=$(wc -l < $1/runs); echo '" HEAD
              "{\"token\":\"canary-'$n'\"}}'");
    x->world.config.exec->cluster_info = true;
    x->world.config.exec->cluster_extra = str_dup(str_of("{\"a\":1}"));
    x->world.config.ca_file = str_dup(str_of(path_of(x, "ca")));
    x->world.options.plugin_pause_ms = 1;
    write_file(x, "ca", first.certificate_pem);
    static const int statuses[] = {200, 401, 200, 401, 200};
    for (size_t i = 0; i < 5; i++)
        scripted_reply(x->world.server, statuses[i], "", statuses[i] == 200 ? "{}" : UNAUTHORIZED);
    good(x);
    was_told(x, &first);
    write_file(x, "ca", second.certificate_pem);
    good(x);
    was_told(x, &second);
    unlink(path_of(x, "ca"));
    assert_int_equal(mkfifo(path_of(x, "ca"), 0600), 0);
    good(x);
    assert_int_equal(runs(x), 3);
    was_told(x, &second);
    unlink(path_of(x, "ca"));
    identity_free(&first);
    identity_free(&second);
}

/* Given up while its CA is read. */
static void its_end_while_the_ca_is_read(void **state)
{
    struct exec_world *x = *state;
    struct kube_result r;
    struct identity authority;
    identity_make(&authority, NULL, "authority", NULL);
    plugin_prints(x, "{\"token\":\"canary-1\"}");
    x->world.config.exec->cluster_info = true;
    x->world.config.ca_file = str_dup(str_of(path_of(x, "ca")));
    write_file(x, "ca", authority.certificate_pem);
    begin(x, &r, NULL);
    kube_world_close(&x->world);
    assert_true(r.ended);
    assert_int_equal(r.error.code, ERR_CANCELLED);
    unlink(path_of(x, "ca"));
    kube_world_open(&x->world);
    identity_free(&authority);
}

static void found_in_path(void **state)
{
    struct exec_world *x = *state;
    plugin_prints(x, "{\"token\":\"canary-1\"}");
    free(x->world.config.exec->command);
    x->world.config.exec->command = str_dup(str_of("plugin"));
    char *old = str_dup(str_of(getenv("PATH")));
    struct buf path = BUF_INIT;
    buf_printf(&path, ":/nowhere:%s:%s", x->folder, old);
    setenv("PATH", path.ptr, 1);
    scripted_reply(x->world.server, 200, "", "{}");
    good(x);
    setenv("PATH", old, 1);
    free(old);
    buf_free(&path);
}

/* ---- how it fails ---- */

static void fails(struct exec_world *x, int code, const char *says)
{
    struct kube_result r = get(x);
    assert_int_equal(r.error.code, code);
    if (!strstr(r.error.message, says))
        fail_msg("\"%s\" is not in: %s", says, r.error.message);
    assert_non_null(strstr(r.error.message, "config:3: user \"u\": the exec plugin "));
    assert_int_equal(scripted_count(x->world.server), 0);
}

static void one_that_is_missing(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "");
    unlink(path_of(x, "plugin"));
    fails(x, ERR_NOT_FOUND, "/plugin does not exist. Get it at https://example.com/plugin");
}

static void one_that_is_not_in_path(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "");
    free(x->world.config.exec->command);
    x->world.config.exec->command = str_dup(str_of("mpijobd-no-such-plugin"));
    fails(x, ERR_NOT_FOUND, "mpijobd-no-such-plugin is not in PATH; install it, or give its path as command. Get it");
}

static void one_that_may_not_be_run(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "");
    chmod(path_of(x, "plugin"), 0600);
    fails(x, ERR_NOT_FOUND, "is no program that may be run (chmod +x?). Get it");
}

static void one_that_cannot_start(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "");
    write_file(x, "plugin", "#!/no/such/interpreter\n");
    fails(x, ERR_IO, "could not be started: no such file or directory. Get it");
}

static void one_that_fails(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "echo canary-out; echo 'not logged in:' >&2; echo \"run $GIVEN login\" >&2; exit 7");
    fails(x, ERR_IO, "failed with exit status 7; it said: not logged in: | run ************ login");
    /* And is let alone. */
    for (int i = 0; i < 3; i++)
        fails(x, ERR_IO, "login (tried again in 5 s at the earliest)");
    assert_int_equal(runs(x), 1);
}

static void one_that_recovers(void **state)
{
    struct exec_world *x = *state;
    x->world.options.plugin_pause_ms = 200000;
    plugin(x, "exit 1");
    fails(x, ERR_IO, "exit status 1");
    plugin_prints(x, "{\"token\":\"canary-1\"}");
    clock_move_ms(200000);
    uv_run(&x->world.loop, UV_RUN_NOWAIT);
    scripted_reply(x->world.server, 200, "", "{}");
    good(x);
    assert_int_equal(runs(x), 2);
}

static void one_that_hangs(void **state)
{
    struct exec_world *x = *state;
    struct kube_result r;
    x->world.options.timeout_ms = 600000;
    x->world.options.plugin_timeout_ms = 300300;
    mkfifo(path_of(x, "fifo"), 0600);
    plugin(x, "echo waiting >&2; sleep 1000 & touch $1/go; read line < $1/fifo");
    begin(x, &r, NULL);
    wait_for_file(x, "go");
    uv_run(&x->world.loop, UV_RUN_NOWAIT); /* what it has said is read */
    clock_move_ms(300300);
    await(&r);
    assert_int_equal(r.error.code, ERR_TIMEOUT);
    assert_non_null(strstr(r.error.message, "did not end within 300.3 s and was killed; it said: waiting"));
}

static void one_that_talks_too_much(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "yes canary");
    fails(x, ERR_LIMIT, "printed more than 1 MiB and was killed");
}

static void one_that_is_killed(void **state)
{
    struct exec_world *x = *state;
    plugin(x, "kill -TERM $$");
    fails(x, ERR_IO, "was ended by signal 15 (Terminated)");
}

/* It is over when it has ended, whatever it leaves behind with its output open. */
static void one_that_leaves_something_behind(void **state)
{
    struct exec_world *x = *state;
    struct buf pid;
    plugin(x, "sleep 1000 & echo $! > $1/pid; echo '" HEAD "{\"token\":\"canary-1\"}}'");
    scripted_reply(x->world.server, 200, "", "{}");
    good(x);
    assert_true(read_text(x, "pid", &pid));
    assert_int_equal(kill(atoi(pid.ptr), SIGKILL), 0);
    buf_free(&pid);
}

static void what_it_should_not_print(void **state)
{
    struct exec_world *x = *state;
    static const struct {
        const char *prints, *says;
    } bad[] = {
        {"", ": it printed nothing"},
        {"canary", ": what it printed is no JSON object"},
        {"{\"canary\":\"canary\"", ": what it printed is no JSON object"},
        {"[\"canary\"]", ": what it printed is no JSON object"},
        {"{\"kind\":\"Canary-canary\"}", "is no ExecCredential (kind)"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "beta1\",\"status\":{\"token\":\"canary\"}}",
         "has the apiVersion client.authentication.k8s.io/v1beta1, but the kubeconfig asks for " V1
         "; make both the same"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"canary\"}", "another apiVersion than the kubeconfig asks for"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\"}", "has no status"},
        {HEAD "{}}", "has neither a token nor a client certificate"},
        {HEAD "{\"token\":\"\"}}", "has neither a token nor a client certificate"},
        {HEAD "{\"token\":7}}", "status.token is a number, not a text"},
        {HEAD "{\"token\":\"canary\\ncanary\"}}", "byte 7 of it cannot stand in a header"},
        {HEAD "{\"clientKeyData\":\"canary\"}}", "clientKeyData without a clientCertificateData"},
        {HEAD "{\"clientCertificateData\":\"canary\"}}", "clientCertificateData without a clientKeyData"},
        {HEAD "{\"clientCertificateData\":\"canary\",\"clientKeyData\":\"canary\"}}", "no PEM"},
        {HEAD "{\"clientCertificateData\":\"-----BEGIN canary\",\"clientKeyData\":\"-----BEGIN canary\"}}",
         "there is no PEM certificate in it"},
        {HEAD "{\"token\":\"canary\",\"expirationTimestamp\":\"canary\"}}", "an expirationTimestamp that is no time"},
        {HEAD "{\"token\":\"canary\",\"expirationTimestamp\":\"2006-01-02T15:04:05Z\"}}",
         "expired at 2006-01-02T15:04:05Z, and it is 2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf script = BUF_INIT;
        buf_printf(&script, "cat <<'E'\n%s\nE", bad[i].prints);
        plugin(x, script.ptr);
        buf_free(&script);
        fails(x, ERR_INVALID, bad[i].says);
        x->world.closed = false;
        kube_close(x->world.kube, NULL, NULL); /* the next one has no pause to wait for */
        x->world.kube = NULL;
    }
}

/* ---- its end ---- */

static void closing_kills_it(void **state)
{
    struct exec_world *x = *state;
    struct kube_result r;
    struct buf pid;
    mkfifo(path_of(x, "fifo"), 0600);
    plugin(x, "sh -c 'echo $$ > $0/pid; touch $0/go; read line < $0/fifo' $1");
    begin(x, &r, NULL);
    wait_for_file(x, "go");
    assert_true(read_text(x, "pid", &pid));
    kube_close(x->world.kube, NULL, NULL);
    x->world.kube = NULL;
    await(&r);
    assert_int_equal(r.error.code, ERR_CANCELLED);
    scripted_stop(x->world.server);
    uv_run(&x->world.loop, UV_RUN_DEFAULT); /* ends: it is gone, with what it started */
    x->world.server = scripted_start(&x->world.loop);
    /* Its child is nobody's now: it dies on its own time, and is reaped by whoever reaps such. */
    char stat[64];
    snprintf(stat, sizeof stat, "/proc/%d/stat", atoi(pid.ptr));
    buf_free(&pid);
    struct buf text = BUF_INIT;
    do
        buf_reset(&text);
    while (buf_read_file(&text, stat, 4096, NULL) == 0 && !strstr(text.ptr, ") Z"));
    buf_free(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_kept),
        TEST(who_waits_shares_a_run),
        TEST(who_gives_up_leaves_it_running),
        TEST(its_time_is_the_calls),
        TEST(what_expires_is_fetched_anew),
        TEST(a_401_after_it_was_good),
        TEST(a_token_that_was_never_good),
        TEST(a_certificate),
        TEST(its_environment),
        TEST(a_rotated_ca),
        TEST(its_end_while_the_ca_is_read),
        TEST(found_in_path),
        TEST(one_that_is_missing),
        TEST(one_that_is_not_in_path),
        TEST(one_that_may_not_be_run),
        TEST(one_that_cannot_start),
        TEST(one_that_fails),
        TEST(one_that_recovers),
        TEST(one_that_hangs),
        TEST(one_that_talks_too_much),
        TEST(one_that_is_killed),
        TEST(one_that_leaves_something_behind),
        TEST(what_it_should_not_print),
        TEST(closing_kills_it),
    };
    return cmocka_run_group_tests_name("kube_exec", tests, NULL, NULL);
}
