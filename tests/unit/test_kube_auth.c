/* SPDX-License-Identifier: Apache-2.0 */
/* Who we say we are: headers, a token that is rotated, and that none of it is ever written anywhere. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/auth/parts.h"
#include "kube/kube_parts.h"
#include "kube_server.h"
#include "moved_clock.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};

struct auth_world {
    struct kube_world world;
    char token_file[300];
    FILE *log_file;
    struct log log;
};

#define UNAUTHORIZED "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}"

static void write_token(struct auth_world *a, const char *text)
{
    FILE *f = fopen(a->token_file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    static struct auth_world a;
    a = (struct auth_world){.log_file = tmpfile()};
    kube_world_open(&a.world);
    snprintf(a.token_file, sizeof a.token_file, TEST_BINARY_DIR "/token-%d", (int)getpid());
    log_init(&a.log, fileno(a.log_file), NULL);
    a.log.level = LOG_DEBUG;
    a.world.options.log = &a.log;
    a.world.config.token.secret = true;
    *state = &a;
    return 0;
}

static size_t read_log(struct auth_world *a, char *text, size_t size)
{
    ssize_t n = pread(fileno(a->log_file), text, size - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    return (size_t)n;
}

/* Whatever a test did: no secret is in the log. */
static int teardown(void **state)
{
    struct auth_world *a = *state;
    static char text[1 << 16];
    kube_world_close(&a->world);
    read_log(a, text, sizeof text);
    assert_null(strstr(text, "canary"));
    assert_null(strstr(text, "Y2FuYXJ5")); /* in base64 */
    fclose(a->log_file);
    unlink(a->token_file);
    return 0;
}

static void use_token_file(struct auth_world *a, const char *text)
{
    write_token(a, text);
    a->world.config.token_file = str_dup(str_of(a->token_file));
}

static struct kube_result get(struct auth_world *a)
{
    struct kube_result r = {.world = &a->world};
    if (!a->world.kube)
        kube_world_connect(&a->world);
    assert_int_equal(kube_get(a->world.kube, CALL(.data = &r), NULL, NULL), 0);
    kube_result_wait(&r);
    if (r.error.code)
        assert_null(strstr(r.error.message, "canary"));
    kube_result_free(&(struct kube_result){.body = r.body});
    r.body = NULL;
    return r;
}

static void has(struct auth_world *a, unsigned request, const char *header)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "\r\n%s\r\n", header);
    if (!strstr(scripted_request(a->world.server, request), line.ptr))
        fail_msg("%s is not in %s", header, scripted_request(a->world.server, request));
    buf_free(&line);
}

static void a_fixed_token(void **state)
{
    struct auth_world *a = *state;
    buf_puts(&a->world.config.token, "canary-1\n");
    scripted_reply(a->world.server, 200, "", "{}");
    get(a);
    has(a, 0, "Authorization: Bearer canary-1");
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    struct kube_result r = get(a);
    assert_int_equal(r.error.status, 401);
    assert_int_equal(scripted_count(a->world.server), 2); /* nothing could have changed */
    assert_non_null(strstr(r.error.message, "the server does not know our credentials (a test)"));
}

static void name_and_password(void **state)
{
    struct auth_world *a = *state;
    a->world.config.username = str_dup(str_of("canary"));
    buf_puts(&a->world.config.password, "canary:2");
    scripted_reply(a->world.server, 200, "", "{}");
    get(a);
    has(a, 0, "Authorization: Basic Y2FuYXJ5OmNhbmFyeToy");
}

static void impersonation(void **state)
{
    struct auth_world *a = *state;
    a->world.config.as_user = str_dup(str_of("system:serviceaccount:ns:x"));
    a->world.config.as_uid = str_dup(str_of("7"));
    a->world.config.as_groups = calloc(3, sizeof(char *));
    a->world.config.as_groups[0] = str_dup(str_of("g1"));
    a->world.config.as_groups[1] = str_dup(str_of("g2"));
    scripted_reply(a->world.server, 200, "", "{}");
    get(a);
    has(a, 0, "Impersonate-User: system:serviceaccount:ns:x");
    has(a, 0, "Impersonate-Uid: 7");
    has(a, 0, "Impersonate-Group: g1");
    has(a, 0, "Impersonate-Group: g2");
}

static void the_file_wins_and_is_trimmed(void **state)
{
    struct auth_world *a = *state;
    buf_puts(&a->world.config.token, "canary-fixed");
    use_token_file(a, " canary-file \r\n");
    scripted_reply(a->world.server, 200, "", "{}");
    get(a);
    has(a, 0, "Authorization: Bearer canary-file");
}

static void a_file_that_cannot_be_read_leaves_the_fixed_one(void **state)
{
    struct auth_world *a = *state;
    buf_puts(&a->world.config.token, "canary-fixed");
    use_token_file(a, "\n");
    scripted_reply(a->world.server, 200, "", "{}");
    get(a);
    has(a, 0, "Authorization: Bearer canary-fixed");
}

static void rotated_under_a_401(void **state)
{
    struct auth_world *a = *state;
    use_token_file(a, "canary-old");
    kube_world_connect(&a->world);
    write_token(a, "canary-new\n");
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    scripted_reply(a->world.server, 200, "", "{}");
    struct kube_result r = get(a);
    assert_int_equal(r.error.code, 0);
    assert_int_equal(r.tries, 2);
    has(a, 0, "Authorization: Bearer canary-old");
    has(a, 1, "Authorization: Bearer canary-new");
    /* One more chance a request, not more. */
    write_token(a, "canary-newer\n");
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    r = get(a);
    assert_int_equal(r.error.status, 401);
    assert_int_equal(scripted_count(a->world.server), 4);
}

static void not_rotated_under_a_401(void **state)
{
    struct auth_world *a = *state;
    use_token_file(a, "canary-old");
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    struct kube_result r = get(a);
    assert_int_equal(r.error.status, 401);
    assert_int_equal(scripted_count(a->world.server), 1);
    unlink(a->token_file);
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    r = get(a);
    assert_int_equal(r.error.status, 401);
    char text[4096];
    read_log(a, text, sizeof text);
    assert_non_null(strstr(text, "the token could not be read again"));
    assert_non_null(strstr(text, a->token_file));
}

/* Two requests that failed with the old token: the second need not read the file, it has changed already. */
static void many_under_one_rotation(void **state)
{
    struct auth_world *a = *state;
    struct kube_result r[3] = {{.world = &a->world}, {.world = &a->world}, {.world = &a->world}};
    use_token_file(a, "canary-old");
    kube_world_connect(&a->world);
    write_token(a, "canary-new\n");
    for (int i = 0; i < 3; i++)
        scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    for (int i = 0; i < 3; i++)
        scripted_reply(a->world.server, 200, "", "{}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(kube_get(a->world.kube, CALL(.data = &r[i]), NULL, NULL), 0);
    for (int i = 0; i < 3; i++) {
        kube_result_wait(&r[i]);
        kube_result_free(&r[i]);
    }
    assert_int_equal(scripted_count(a->world.server), 6);
}

static void read_again_after_its_time(void **state)
{
    struct auth_world *a = *state;
    a->world.options.token_reread_ms = 60000;
    use_token_file(a, "canary-old");
    kube_world_connect(&a->world);
    write_token(a, "canary-new\n");
    unsigned before = kube_auth_generation(a->world.kube->auth);
    clock_move_ms(60001);
    uv_update_time(&a->world.loop);
    /* The request that finds the token too old still goes out with it, and the new one is there for the next. */
    scripted_reply(a->world.server, 200, "", "{}");
    scripted_reply(a->world.server, 200, "", "{}");
    get(a);
    while (kube_auth_generation(a->world.kube->auth) == before)
        uv_run(&a->world.loop, UV_RUN_ONCE);
    get(a);
    has(a, 0, "Authorization: Bearer canary-old");
    has(a, 1, "Authorization: Bearer canary-new");
}

static void rotates_all(void *data, unsigned number)
{
    struct auth_world *a = data;
    if (number > 1)
        return;
    write_token(a, "canary-new\n");
    kube_auth_looked(a->world.kube->auth, true); /* the CA's file beside it was seen first */
}

static void rotated_together_with_another_file(void **state)
{
    struct auth_world *a = *state;
    use_token_file(a, "canary-old");
    kube_world_connect(&a->world);
    scripted_on_request(a->world.server, rotates_all, a);
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    scripted_reply(a->world.server, 200, "", "{}");
    struct kube_result r = get(a);
    assert_int_equal(r.error.code, 0);
    has(a, 1, "Authorization: Bearer canary-old");
    has(a, 2, "Authorization: Bearer canary-new");
}

static void post(uv_work_t *work)
{
    uv_sem_post(work->data);
}

struct waits {
    struct kube_auth_wait wait;
    int told;
    bool changed;
};

static void was_told(struct kube_auth_wait *wait, bool changed, const struct error *err)
{
    struct waits *w = (struct waits *)wait;
    assert_null(err);
    w->told++;
    w->changed = changed;
}

/* A read that was under way at the refusal saw the old token. There is one thread, so the mark behind it says that it
 * has read. */
static void rotated_while_it_is_read_again(void **state)
{
    struct auth_world *a = *state;
    struct kube_auth_wait none = {0};
    uv_work_t mark;
    uv_sem_t has_read;
    int rc;
    a->world.options.token_reread_ms = 60000;
    use_token_file(a, "canary-old");
    kube_world_connect(&a->world);
    struct kube_auth *auth = a->world.kube->auth;
    struct waits w = {.wait = {.done = was_told, .generation = kube_auth_generation(auth)}};
    clock_move_ms(60001);
    uv_update_time(&a->world.loop);
    assert_true(kube_auth_prepare(auth, &none, &rc, NULL)); /* reads it for the requests to come */
    assert_int_equal(uv_sem_init(&has_read, 0), 0);
    mark.data = &has_read;
    assert_int_equal(uv_queue_work(&a->world.loop, &mark, post, NULL), 0);
    uv_sem_wait(&has_read);
    write_token(a, "canary-new\n");
    assert_true(kube_auth_renew(auth, &w.wait));
    while (!w.told)
        uv_run(&a->world.loop, UV_RUN_ONCE);
    assert_true(w.changed);
    uv_sem_destroy(&has_read);
}

static void tokens_that_are_none(void **state)
{
    struct auth_world *a = *state;
    struct error err;
    static const struct {
        const char *text, *says;
    } bad[] = {{"", "is empty"},
               {" \n", "is empty"},
               {"canary\nX-Evil: 1", "holds no token: byte 7 of it"},
               {"canary\xc3\xbc", "byte 7"}};
    for (size_t i = 0; i < 4; i++) {
        free(a->world.config.token_file);
        use_token_file(a, bad[i].text);
        assert_int_equal(kube_open(&a->world.loop, &a->world.config, &a->world.options, &a->world.kube, &err),
                         ERR_INVALID);
        assert_non_null(strstr(err.message, bad[i].says));
        assert_non_null(strstr(err.message, a->token_file));
        assert_null(strstr(err.message, "canary"));
    }
    unlink(a->token_file);
    assert_int_equal(kube_open(&a->world.loop, &a->world.config, &a->world.options, &a->world.kube, &err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "a test: cannot read "));
    free(a->world.config.token_file);
    a->world.config.token_file = NULL;
    buf_puts(&a->world.config.token, "canary canary");
    assert_int_equal(kube_open(&a->world.loop, &a->world.config, &a->world.options, &a->world.kube, &err), ERR_INVALID);
    assert_null(strstr(err.message, "canary"));
    a->world.kube = NULL;
}

/* A pipe that is not written to holds the reader up: the request is told at once, closing waits for the reader. */
/* The file's path is that of a descriptor, behind which a pipe takes the file's place: one that holds its reader. */
static void closed_while_the_file_is_read(void **state)
{
    struct auth_world *a = *state;
    struct kube_result r = {.world = &a->world};
    int pipe_ends[2], unread = 1;
    write_token(a, "canary-old");
    int fd = open(a->token_file, O_RDONLY | O_CLOEXEC);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    a->world.config.token_file = str_dup(str_of(path));
    kube_world_connect(&a->world);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    assert_int_equal(dup3(pipe_ends[0], fd, O_CLOEXEC), fd);
    assert_int_equal(write(pipe_ends[1], "c", 1), 1);
    scripted_reply(a->world.server, 401, "", UNAUTHORIZED);
    assert_int_equal(kube_get(a->world.kube, CALL(.data = &r), NULL, NULL), 0);
    while (unread) { /* until there is a reader */
        uv_run(&a->world.loop, UV_RUN_NOWAIT);
        assert_int_equal(ioctl(fd, FIONREAD, &unread), 0);
    }
    kube_close(a->world.kube, NULL, NULL);
    a->world.kube = NULL;
    close(pipe_ends[1]);
    kube_result_wait(&r);
    assert_int_equal(r.error.code, ERR_CANCELLED);
    assert_false(r.lost);
    close(pipe_ends[0]);
    close(fd);
}

struct told {
    struct kube_auth_wait wait;
    int times;
    bool changed;
};

static void tell(struct kube_auth_wait *wait, bool changed, const struct error *err)
{
    struct told *told = (struct told *)((char *)wait - offsetof(struct told, wait));
    assert_null(err);
    told->times++;
    told->changed = changed;
}

static int fetch_later(struct auth_source *source, struct error *err)
{
    (void)source;
    (void)err;
    return 0;
}

/* On a machine that is slow they may: who waits is to ask for more, not to fail without a word. */
static void credentials_that_end_while_they_come(void **state)
{
    struct auth_world *a = *state;
    struct http_header headers[AUTH_OWN_HEADERS] = {{0}};
    struct auth_source source = {.fetch = fetch_later};
    struct kube_auth auth = {.loop = &a->world.loop,
                             .options = {.log = &a->log},
                             .own = headers,
                             .value = {.secret = true},
                             .header = "Authorization",
                             .scheme = "Bearer ",
                             .source = &source};
    struct told told = {.wait.done = tell};
    struct credential late = CREDENTIAL_INIT;
    struct error err;
    int rc;
    assert_false(kube_auth_prepare(&auth, &told.wait, &rc, &err));
    assert_int_equal(rc, 0);
    buf_puts(&late.token, "canary");
    late.expires = clock_now(NULL) - 1;
    auth_was_fetched(&auth, &late, NULL);
    assert_int_equal(told.times, 1);
    assert_true(told.changed);
    assert_false(kube_auth_prepare(&auth, &told.wait, &rc, &err)); /* another fetch */
    assert_int_equal(rc, 0);
    late = CREDENTIAL_INIT;
    buf_puts(&late.token, "canary-2");
    auth_was_fetched(&auth, &late, NULL);
    assert_int_equal(told.times, 2);
    assert_true(kube_auth_prepare(&auth, &told.wait, &rc, &err));
    assert_string_equal(headers[0].value, "Bearer canary-2");
    buf_free(&auth.value);
}

int main(void)
{
    setenv("UV_THREADPOOL_SIZE", "1", 1);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(rotated_together_with_another_file),
        TEST(rotated_while_it_is_read_again),
        TEST(a_fixed_token),
        TEST(name_and_password),
        TEST(impersonation),
        TEST(the_file_wins_and_is_trimmed),
        TEST(a_file_that_cannot_be_read_leaves_the_fixed_one),
        TEST(rotated_under_a_401),
        TEST(not_rotated_under_a_401),
        TEST(many_under_one_rotation),
        TEST(read_again_after_its_time),
        TEST(tokens_that_are_none),
        TEST(closed_while_the_file_is_read),
        TEST(credentials_that_end_while_they_come),
    };
    return cmocka_run_group_tests_name("kube_auth", tests, NULL, NULL);
}
