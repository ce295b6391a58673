/* SPDX-License-Identifier: Apache-2.0 */
/* Which resource a kind is served as; asked once, forgotten with the connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kube/kinds/kinds.h"
#include "kube_server.h"

#define BATCH                                                                                                          \
    "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"jobs\",\"kind\":\"Job\",\"namespaced\":true},"           \
    "{\"name\":\"jobs/status\",\"kind\":\"Job\",\"namespaced\":true},{\"name\":\"cronjobs\",\"kind\":\"CronJob\","     \
    "\"namespaced\":true}]}"
#define CORE "{\"resources\":[{\"name\":\"namespaces\",\"kind\":\"Namespace\",\"namespaced\":false}]}"

struct found {
    struct kube_world world;
    struct kube_kinds *kinds;
    struct kube_kinds_look *look;
    int ended;
    const struct kube_kind *kind;
    struct error error;
};

static int setup(void **state)
{
    struct found *f = calloc(1, sizeof *f);
    kube_world_open(&f->world);
    kube_world_connect(&f->world);
    f->kinds = kube_kinds_new(f->world.kube);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct found *f = *state;
    kube_kinds_free(f->kinds);
    kube_world_close(&f->world);
    free(f);
    return 0;
}

static void found(void *data, const struct kube_kind *kind, const struct error *err)
{
    struct found *f = data;
    assert_true(!kind != !err);
    f->ended++;
    f->kind = kind;
    if (err)
        f->error = *err;
}

static void look(struct found *f, const char *api_version, const char *kind)
{
    int before = f->ended;
    assert_int_equal(kube_kinds_look(f->kinds, api_version, kind, found, f, &f->look, NULL), 0);
    assert_int_equal(f->ended, before);
    while (f->ended == before)
        uv_run(&f->world.loop, UV_RUN_ONCE);
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void is_asked_once(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world.server, 200, "", BATCH);
    scripted_reply(f->world.server, 200, "", CORE);
    assert_null(kube_kinds_known(f->kinds, "batch/v1", "Job"));
    look(f, "batch/v1", "Job");
    assert_string_equal(f->kind->resource.plural, "jobs");
    assert_string_equal(f->kind->resource.group, "batch");
    assert_true(f->kind->namespaced);
    assert_ptr_equal(kube_kinds_known(f->kinds, "batch/v1", "Job"), f->kind);
    assert_non_null(kube_kinds_known(f->kinds, "batch/v1", "CronJob")); /* told along */
    look(f, "v1", "Namespace");
    assert_false(f->kind->namespaced);
    assert_string_equal(f->kind->resource.group, "");
    assert_int_equal(scripted_count(f->world.server), 2);
    contains(scripted_request(f->world.server, 0), "GET /apis/batch/v1 HTTP");
    contains(scripted_request(f->world.server, 1), "GET /api/v1 HTTP");
}

static void what_there_is_not(void **state)
{
    struct found *f = *state;
    struct error err;
    scripted_reply(f->world.server, 200, "", BATCH);
    look(f, "batch/v1", "Jobb");
    assert_int_equal(f->error.code, ERR_NOT_FOUND);
    contains(f->error.message, "batch/v1 has no kind Jobb; did you mean Job?");
    scripted_reply(f->world.server, 404, "", "404 page not found\n");
    look(f, "example.com/v9", "Thing");
    assert_int_equal(f->error.code, ERR_NOT_FOUND);
    contains(f->error.message, "serves no example.com/v9");
    char large[300] = {0};
    memset(large, 'a', sizeof large - 1);
    memcpy(large + 254, "/v1", 4);
    const char *const bad[] = {"", "/v1", "a/b/c", "a/", large};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(kube_kinds_look(f->kinds, bad[i], "X", found, f, &f->look, &err), ERR_INVALID);
}

static void given_up(void **state)
{
    struct found *f = *state;
    scripted_act(f->world.server, SCRIPTED_SILENT);
    assert_int_equal(kube_kinds_look(f->kinds, "batch/v1", "Job", found, f, &f->look, NULL), 0);
    kube_kinds_cancel(f->look);
    while (!f->ended)
        uv_run(&f->world.loop, UV_RUN_ONCE);
    assert_int_equal(f->error.code, ERR_CANCELLED);
    /* forgotten: no subscriber is told */
    assert_int_equal(kube_kinds_look(f->kinds, "batch/v1", "Job", found, f, &f->look, NULL), 0);
    kube_kinds_forget(f->look);
    /* with the connection: told at once */
    assert_int_equal(kube_kinds_look(f->kinds, "batch/v1", "Job", found, f, &f->look, NULL), 0);
    kube_kinds_free(f->kinds);
    f->kinds = NULL;
    assert_int_equal(f->ended, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(is_asked_once, setup, teardown),
                                       cmocka_unit_test_setup_teardown(what_there_is_not, setup, teardown),
                                       cmocka_unit_test_setup_teardown(given_up, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
