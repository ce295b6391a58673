/* SPDX-License-Identifier: Apache-2.0 */
/* A list's items out of its bytes, wherever these are divided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/list_body.h"

struct taken {
    struct buf items; /* each followed by a newline */
    int stop_after;   /* items; -1: never */
};

static bool take(void *data, struct json item)
{
    struct taken *t = data;
    buf_add_str(&t->items, item.text);
    buf_putc(&t->items, '\n');
    return t->stop_after < 0 || --t->stop_after > 0;
}

/* Feeds the text in pieces of so many bytes, the first of `first`. What list_body_feed or list_body_end says. */
static int read_in_pieces(struct list_body *body, struct taken *t, const char *text, size_t first, size_t size,
                          struct error *err)
{
    size_t n = strlen(text), at = 0;
    bool more = true;
    int rc = 0;
    buf_reset(&t->items);
    list_body_reset(body);
    while (at < n && !rc && more) {
        size_t piece = at ? size : first;
        piece = piece < n - at ? piece : n - at;
        char *copy = malloc(piece); /* so that reading beyond it is seen */
        memcpy(copy, text + at, piece);
        rc = list_body_feed(body, copy, piece, take, t, &more, err);
        free(copy);
        at += piece;
    }
    return rc || !more ? rc : list_body_end(body, err);
}

static const char good[] =
    " {\"apiVersion\":\"kubeflow.org/v1\",\"other\":[1,{\"]\":\"}\"},true],\"items\":[{\"a\":\"x]},\\\"\\\\\"},\n{} ,"
    "{\"b\":{\"c\":[[],{}]}}],\"n\":-1.5e3 "
    ",\"kind\":\"MPIJobList\",\"metadata\":{\"continue\":\"\",\"resourceVersion\":"
    "\"4\\u0032\"}} \n";

static void items_wherever_it_is_divided(void **state)
{
    (void)state;
    struct list_body body;
    struct taken t = {.items = BUF_INIT, .stop_after = -1};
    struct error err;
    list_body_init(&body, 0);
    for (size_t first = 1; first <= sizeof good; first++) {
        for (size_t size = 1; size < 40; size += 7) {
            assert_int_equal(read_in_pieces(&body, &t, good, first, size, &err), 0);
            buf_puts(&t.items, "");
            assert_string_equal(t.items.ptr, "{\"a\":\"x]},\\\"\\\\\"}\n{}\n{\"b\":{\"c\":[[],{}]}}\n");
            assert_string_equal(body.version.ptr, "42");
            assert_string_equal(body.continue_token.ptr, "");
        }
    }
    list_body_free(&body);
    buf_free(&t.items);
}

static void empty_lists(void **state)
{
    static const char *const texts[] = {
        "{\"items\":[]}",
        "{\"items\":null}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[ ]}",
    };
    (void)state;
    struct list_body body;
    struct taken t = {.items = BUF_INIT, .stop_after = -1};
    list_body_init(&body, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t size = 1; size < 50; size++)
            assert_int_equal(read_in_pieces(&body, &t, texts[i], size, size, NULL), 0);
        assert_int_equal(t.items.len, 0);
    }
    list_body_free(&body);
    buf_free(&t.items);
}

static void what_is_no_list(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "<html>",
        "{}",
        "{\"items\":{}}",
        "{\"items\":[1]}",
        "{\"items\":[{}}",
        "{\"items\":[{},]}",
        "{\"items\":[{}]",
        "{\"items\":[{}]]}",
        "{\"items\":[{}]}}",
        "{\"items\":[{}]} x",
        "{\"items\":[{}],}",
        "{\"items\":[],\"items\":[]}",
        "{\"items\":[{\"a\":]}",
        "{\"items\":[{\"a\":1 2}]}",
        "{\"items\":[{\"a\":\"\x01\"}]}",
        "{items:[]}",
        "{\"items\" []}",
        "{\"x\":,\"items\":[]}",
        "{\"x\":tru,\"items\":[]}",
        "{\"x\":\"\xff\",\"items\":[]}",
        "{\"items\":\"\"}",
        "{\"kind\":\"Status\",\"code\":500}",
    };
    (void)state;
    struct list_body body;
    struct taken t = {.items = BUF_INIT, .stop_after = -1};
    struct error err;
    list_body_init(&body, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t size = 1; size < 40; size++) {
            if (read_in_pieces(&body, &t, texts[i], size, size, &err) != ERR_PROTOCOL)
                fail_msg("it was taken for a list: %s", texts[i]);
            assert_non_null(strstr(err.message, "the answer is no list: "));
        }
    }
    list_body_free(&body);
    buf_free(&t.items);
}

static void bounds(void **state)
{
    (void)state;
    struct list_body body;
    struct taken t = {.items = BUF_INIT, .stop_after = 1};
    struct error err;
    list_body_init(&body, 20);
    for (size_t size = 1; size < 60; size++) {
        assert_int_equal(read_in_pieces(&body, &t, "{\"items\":[{\"a\":\"0123456789012345\"},{}]}", size, size, &err),
                         ERR_LIMIT);
        t.stop_after = 1;
        assert_int_equal(read_in_pieces(&body, &t, "{\"items\":[{\"a\":1},{\"b\":2}]}", size, size, &err), 0);
        assert_int_equal(t.items.len, strlen("{\"a\":1}\n"));
        t.stop_after = -1;
    }
    list_body_free(&body);
    buf_free(&t.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_wherever_it_is_divided),
        cmocka_unit_test(empty_lists),
        cmocka_unit_test(what_is_no_list),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
