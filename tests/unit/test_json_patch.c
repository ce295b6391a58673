/* SPDX-License-Identifier: Apache-2.0 */
/* JSON patches and merge patches, by the cases of their RFCs and beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "json/patch.h"

static struct json parsed(const char *text)
{
    struct json root;
    struct error err;
    if (json_parse(str_of(text), "the test's text", &root, &err))
        fail_msg("%s: %s", err.message, text);
    return root;
}

typedef int (*patcher)(struct json, struct json, struct buf *, struct error *);

static void becomes(patcher patch, const char *document, const char *with, const char *wanted)
{
    struct buf out = BUF_INIT;
    struct error err = {0};
    if (patch(parsed(document), parsed(with), &out, &err))
        fail_msg("%s with %s: %s", document, with, err.message);
    if (!json_equal(parsed(out.ptr), parsed(wanted)))
        fail_msg("%s with %s: %s, and not %s", document, with, out.ptr, wanted);
    buf_free(&out);
}

static void fails_with(int code, const char *document, const char *with, const char *part)
{
    struct buf out = BUF_INIT;
    struct error err = {0};
    assert_int_equal(json_patch(parsed(document), parsed(with), &out, &err), code);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not contain \"%s\"", err.message, part);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void fails(const char *document, const char *with, const char *part)
{
    fails_with(ERR_INVALID, document, with, part);
}

/* The examples of RFC 7396 whose document and patch are objects. */
static void merging(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
        {"{\"a\":{\"x~y\":1,\"p/q\":2}}", "{\"a\":{\"x~y\":3,\"p/q\":null}}", "{\"a\":{\"x~y\":3}}"},
        {"{\"a\":1}", "{}", "{\"a\":1}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        becomes(json_merge_patch, cases[i][0], cases[i][1], cases[i][2]);
    struct error err = {0};
    struct buf out = BUF_INIT;
    assert_int_equal(json_merge_patch(parsed("{}"), parsed("[1]"), &out, &err), ERR_INVALID);
}

static void what_is_not_named_keeps_its_bytes(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    assert_int_equal(json_merge_patch(parsed("{ \"big\": 9007199254740993, \"f\": 1.0, \"a\": [ ] , \"x\": 1 }"),
                                      parsed("{\"x\":2}"), &out, NULL),
                     0);
    assert_string_equal(out.ptr, "{ \"big\": 9007199254740993, \"f\": 1.0, \"a\": [ ] , \"x\": 2 }");
    buf_free(&out);
}

static void steps(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{\"a\":1}", "[]", "{\"a\":1}"},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]", "{\"a\":1,\"b\":2}"},
        {"{\"a\":[1,3]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":2}]", "{\"a\":[1,2,3]}"},
        {"{\"a\":[1,3]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":4}]", "{\"a\":[1,3,4]}"},
        {"{\"a\":[1,3]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":4}]", "{\"a\":[1,3,4]}"},
        {"{\"a\":[]}", "[{\"op\":\"add\",\"path\":\"/a/0\",\"value\":4}]", "{\"a\":[4]}"},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":null}]", "{\"a\":null}"},
        {"{\"a\":1,\"b\":2}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{\"b\":2}"},
        {"{\"a\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/a/1\"}]", "{\"a\":[1,3]}"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":{\"x\":[]}}]", "{\"a\":{\"x\":[]}}"},
        {"{\"a\":{\"b\":1},\"c\":{}}", "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/c/d\"}]",
         "{\"a\":{},\"c\":{\"d\":1}}"},
        {"{\"a\":[1,2,3]}", "[{\"op\":\"move\",\"from\":\"/a/0\",\"path\":\"/a/2\"}]", "{\"a\":[2,3,1]}"},
        {"{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"}]",
         "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"},
        {"{\"a\":1}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0},{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]",
         "{\"a\":2}"},
        {"{\"a/b\":1,\"m~n\":2}",
         "[{\"op\":\"remove\",\"path\":\"/a~1b\"},{\"op\":\"replace\",\"path\":\"/m~0n\",\"value\":3}]", "{\"m~n\":3}"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"b\":2}}]", "{\"b\":2}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        becomes(json_patch, cases[i][0], cases[i][1], cases[i][2]);
}

static void steps_that_cannot_be(void **state)
{
    (void)state;
    fails("{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "step 0: there is nothing at /a");
    fails("{}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1}]", "there is nothing at /a");
    fails("{}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", "nothing that /a/b could be added to");
    fails("{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/5\",\"value\":1}]", "beyond the end");
    fails("{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", "the test of /a fails: it is 1");
    fails("{\"a\":1}",
          "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1},{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/b\"}]",
          "step 1: there is nothing at /x");
    fails("{}", "[{\"op\":\"put\",\"path\":\"/a\",\"value\":1}]", "op is \"put\"");
    fails("{}", "[{\"path\":\"/a\",\"value\":1}]", "op is missing");
    fails("{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", "a pointer such as");
    fails("{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", "no value");
    fails("{}", "[{\"op\":\"move\",\"path\":\"/a\"}]", "from has to be");
    fails("{}", "{\"a\":1}", "must be a list");
    fails("{}", "[1]", "path has to be");
}

/* What grows by itself, and what goes over a large document again and again. */
static void steps_without_end(void **state)
{
    (void)state;
    struct buf steps = BUF_INIT, large = BUF_INIT;
    buf_puts(&steps, "[{\"op\":\"add\",\"path\":\"/a\",\"value\":{\"s\":\"");
    for (int i = 0; i < 1000; i++)
        buf_putc(&steps, 'x');
    buf_puts(&steps, "\"}}");
    for (int i = 1; i <= 24; i++)
        buf_printf(&steps, ",{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/%db\"}", i);
    buf_puts(&steps, "]");
    fails_with(ERR_LIMIT, "{}", steps.ptr, "step 12: ");
    fails_with(ERR_LIMIT, "{}", steps.ptr, "larger than the limit of 3145728 bytes");
    buf_reset(&steps);
    for (int i = 0; i <= JSON_PATCH_STEPS; i++)
        buf_printf(&steps, "%c{\"op\":\"test\",\"path\":\"\",\"value\":{}}", i ? ',' : '[');
    buf_puts(&steps, "]");
    fails_with(ERR_LIMIT, "{}", steps.ptr, "step 10000: a JSON patch has at most 10000 steps");
    buf_puts(&large, "{\"a\":1,\"b\":\"");
    for (int i = 0; i < 2000000; i++)
        buf_putc(&large, 'x');
    buf_puts(&large, "\"}");
    buf_reset(&steps);
    for (int i = 0; i < 100; i++)
        buf_printf(&steps, "%c{\"op\":\"replace\",\"path\":\"/a\",\"value\":%d}", i ? ',' : '[', i);
    buf_puts(&steps, "]");
    fails_with(ERR_LIMIT, large.ptr, steps.ptr, "step 12: the document is too large for so many steps");
    buf_free(&steps);
    buf_free(&large);
}

static void without_memory(void **state)
{
    (void)state;
    static const char document[] = "{\"a\":{\"b\":[1,2]},\"c\":1}";
    struct json merging_with = parsed("{\"a\":{\"x\":{\"y\":null,\"z\":1}},\"c\":null}");
    struct json list = parsed("[{\"op\":\"add\",\"path\":\"/a/b/1\",\"value\":9},{\"op\":\"move\",\"from\":\"/c\","
                              "\"path\":\"/d\"},{\"op\":\"test\",\"path\":\"/d\",\"value\":1}]");
    for (int which = 0; which < 2; which++) {
        for (long n = 1;; n++) {
            struct buf out = BUF_INIT;
            struct error err = {0};
            alloc_fail_at(n);
            int rc = which ? json_patch(parsed(document), list, &out, &err)
                           : json_merge_patch(parsed(document), merging_with, &out, &err);
            bool failed = alloc_failed();
            alloc_fail_at(0);
            buf_free(&out);
            if (!failed) {
                assert_int_equal(rc, 0);
                break;
            }
            if (rc != 0 && rc != ERR_NOMEM) /* json_equal goes on without its scratch memory */
                fail_msg("allocation %ld: %s", n, err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merging),
        cmocka_unit_test(what_is_not_named_keeps_its_bytes),
        cmocka_unit_test(steps),
        cmocka_unit_test(steps_that_cannot_be),
        cmocka_unit_test(steps_without_end),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
