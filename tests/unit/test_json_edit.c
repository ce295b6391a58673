/* SPDX-License-Identifier: Apache-2.0 */
/* Edits: only what is meant changes, all other bytes stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "json/edit.h"

#define EDITS_MAX 6

/* Edits are pointer and raw value by turns; NULL as the value removes. */
struct edit_case {
    const char *document;
    const char *edits[2 * EDITS_MAX];
    const char *want; /* the document, or the error's message */
};

static void fill(struct json_edits *edits, const struct edit_case *c)
{
    for (size_t i = 0; i < 2 * EDITS_MAX && c->edits[i]; i += 2) {
        if (c->edits[i + 1])
            json_edit_set(edits, c->edits[i], str_of(c->edits[i + 1]));
        else
            json_edit_remove(edits, c->edits[i]);
    }
}

static int run(const struct edit_case *c, struct buf *out, struct error *err)
{
    struct json root;
    struct json_edits edits = {0};
    *err = (struct error){0};
    assert_int_equal(json_parse(str_of(c->document), "the document", &root, NULL), 0);
    fill(&edits, c);
    int rc = json_edit_apply(&edits, root, out, err);
    json_edits_free(&edits);
    return rc;
}

static const struct edit_case good[] = {
    /* Replaced: nothing else moves. */
    {"{\"a\": 1.0, \"b\":1e3 ,\"c\":[ ]}", {"/b", "2"}, "{\"a\": 1.0, \"b\":2 ,\"c\":[ ]}"},
    {" [1,\t2] ", {"/1", "\"x\""}, "[1,\t\"x\"]"},
    {"{\"a\":1,\"b\":2,\"a\":3}", {"/a", "4"}, "{\"a\":1,\"b\":2,\"a\":4}"},
    {"{\"a\":{\"x\":1},\"a\":{\"x\":1}}", {"/a/x", "4"}, "{\"a\":{\"x\":1},\"a\":{\"x\":4}}"},
    {"{\"\\u0061\":1}", {"/a", "2"}, "{\"\\u0061\":2}"},
    {"{\"a/b\":1,\"a.b\":2,\"a0b\":3,\"m~n\":4,\"\":5}",
     {"/a~1b", "6", "/a.b", "7", "/a0b", "8", "/m~0n", "9", "/", "0"},
     "{\"a/b\":6,\"a.b\":7,\"a0b\":8,\"m~n\":9,\"\":0}"},
    {"{\"a\":1}", {"/a", "2", "/a", "3"}, "{\"a\":3}"},
    {"{\"a\":1}", {"/a", NULL, "/a", "3"}, "{\"a\":3}"},
    {"{\"a\":1}", {"/a", "3", "/a", NULL}, "{}"},
    {"{\"a\": [ 1,2 ]}", {"/a", "[ 1,2 ]"}, "{\"a\": [ 1,2 ]}"},
    {"[1]", {"", " {\"a\" : 1} "}, "{\"a\" : 1}"},
    {"null", {"", "1"}, "1"},
    {"{\"a\":1}", {NULL}, "{\"a\":1}"},
    /* Added to what is compact, spaced, or on one line with room. */
    {"{\"a\":1}", {"/b", "[1, 2]"}, "{\"a\":1,\"b\":[1,2]}"},
    {"{}", {"/b", "1"}, "{\"b\":1}"},
    {"{ }", {"/b", "1"}, "{\"b\":1}"},
    {"{\"a\": 1, \"b\": 2}", {"/c", "{\"d\":[1,2]}"}, "{\"a\": 1, \"b\": 2, \"c\": {\"d\": [1, 2]}}"},
    {"{\"a\": {}}", {"/a/b", "1", "/a/c", "2"}, "{\"a\": {\"b\": 1, \"c\": 2}}"},
    {"{ \"a\":1 }", {"/b", "2"}, "{ \"a\":1,\"b\":2 }"},
    {"{ \"a\" : 1 , \"b\" : 2 }", {"/c", "3"}, "{ \"a\" : 1 , \"b\" : 2, \"c\" : 3 }"},
    {"{\"z\":0}", {"/b", "1", "/a", "2"}, "{\"z\":0,\"b\":1,\"a\":2}"},
    {"[]", {"/-", "1", "/-", "2"}, "[1,2]"},
    {"[0]", {"/-/a/b", "1", "/-/a/c", "2"}, "[0,{\"a\":{\"b\":1,\"c\":2}}]"},
    {"{}", {"/a/-", "1", "/a/-", "2"}, "{\"a\":[1,2]}"},
    {"{\"-\":1}", {"/-", "2", "/-", "3"}, "{\"-\":3}"},
    {"{\"-\":1}", {"/-", "2", "/-", NULL}, "{}"},
    {"{\"a\":null}", {"/a/b/c", "1"}, "{\"a\":{\"b\":{\"c\":1}}}"},
    {"null", {"/a", "1"}, "{\"a\":1}"},
    {"{}", {"/a~1b/c~0d/\xC3\xA9\"", "1"}, "{\"a/b\":{\"c~d\":{\"\xC3\xA9\\\"\":1}}}"},
    {"{\"a\":1}", {"/b/c", NULL, "/b/d", "1"}, "{\"a\":1,\"b\":{\"d\":1}}"},
    /* Added to what is indented, by its own step and line ends. */
    {"{\n  \"a\": 1\n}", {"/b/c", "[{}]"}, "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      {}\n    ]\n  }\n}"},
    {"{\n\t\"a\": {\n\t\t\"b\": []\n\t}\n}", {"/a/b/-", "1"}, "{\n\t\"a\": {\n\t\t\"b\": [\n\t\t\t1\n\t\t]\n\t}\n}"},
    {"{\r\n    \"a\" : {}\r\n}", {"/a/b", "1"}, "{\r\n    \"a\" : {\r\n        \"b\" : 1\r\n    }\r\n}"},
    {"{\n  \"a\": 1,\n\n  \"b\": 2\n\n}", {"/c", "3"}, "{\n  \"a\": 1,\n\n  \"b\": 2,\n  \"c\": 3\n\n}"},
    {"{\n\"a\":1\n}", {"/b/c", "1"}, "{\n\"a\":1,\n\"b\":{\n\"c\":1\n}\n}"},
    {"{\n  \"a\": 1}", {"/b/c", "1"}, "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 1\n  }}"},
    {"{\n  \"a\": {\"x\": 1, \"y\": 2}\n}",
     {"/a/z", "[1,2]", "/b", "{\"c\":1}"},
     "{\n  \"a\": {\"x\": 1, \"y\": 2, \"z\": [1, 2]},\n  \"b\": {\n    \"c\": 1\n  }\n}"},
    {"{\n  \"a\": [\n    1\n  ],\n  \"b\": null\n}",
     {"/a/-", "{\"c\":2}", "/b/d", "3"},
     "{\n  \"a\": [\n    1,\n    {\n      \"c\": 2\n    }\n  ],\n  \"b\": {\n    \"d\": 3\n  }\n}"},
    {"{\n  \"a\": 1\n}", {"/a", "{\"b\": [1,2]}"}, "{\n  \"a\": {\n    \"b\": [\n      1,\n      2\n    ]\n  }\n}"},
    /* Removed: with one comma and its white space. */
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/a", NULL}, "{\"b\":2,\"c\":3}"},
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/b", NULL}, "{\"a\":1,\"c\":3}"},
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/c", NULL}, "{\"a\":1,\"b\":2}"},
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/b", NULL, "/a", NULL}, "{\"c\":3}"},
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/b", NULL, "/c", NULL}, "{\"a\":1}"},
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/a", NULL, "/c", NULL}, "{\"b\":2}"},
    {"{\"a\":1,\"b\":2,\"c\":3}", {"/a", NULL, "/b", NULL, "/c", NULL}, "{}"},
    {"{ \"a\" : 1 , \"b\" : 2 }", {"/a", NULL}, "{ \"b\" : 2 }"},
    {"{ \"a\" : 1 , \"b\" : 2 }", {"/b", NULL}, "{ \"a\" : 1 }"},
    {"{\n  \"a\": 1,\n  \"b\": 2\n}", {"/b", NULL}, "{\n  \"a\": 1\n}"},
    {"{\n  \"a\": 1\n}", {"/a", NULL}, "{}"},
    {"{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":4}", {"/a", NULL}, "{\"b\":2}"},
    {"[0, 1, 2, 3]", {"/0", NULL, "/2", NULL}, "[1, 3]"},
    {"[0, 1, 2, 3]", {"/0", NULL, "/1", "7", "/3", NULL, "/-", "8"}, "[7, 2, 8]"},
    {"{\"a\":1}", {"/b", NULL, "/a/b", NULL, "/c/d/e", NULL}, "{\"a\":1}"},
    {"[1]", {"/1", NULL, "/-", NULL, "/x", NULL, "/0/0", NULL, "/01", NULL}, "[1]"},
    {"{\"a\":null}", {"/a/b", NULL}, "{\"a\":null}"},
    {"3", {"/a", NULL}, "3"},
    /* All goes and something comes. */
    {"{ \"a\":1 }", {"/a", NULL, "/b", "2"}, "{ \"b\":2 }"},
    {"{\n  \"a\": 1,\n  \"b\": 2\n}", {"/a", NULL, "/b", NULL, "/c", "3", "/d", "4"}, "{\n  \"c\": 3,\n  \"d\": 4\n}"},
    {"{\"a\":1,\"b\":2}", {"/b", NULL, "/c", "3"}, "{\"a\":1,\"c\":3}"},
    {"{\"a\":1,\"a\":{\"b\":1,\"c\":2},\"d\":0}",
     {"/a/b", NULL, "/a/e", "[]", "/d", NULL},
     "{\"a\":1,\"a\":{\"c\":2,\"e\":[]}}"},
};

static void edits_are_spliced(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct buf out = BUF_INIT;
        struct error err;
        buf_puts(&out, "before ");
        if (run(&good[i], &out, &err))
            fail_msg("%s: %s", good[i].document, err.message);
        assert_memory_equal(out.ptr, "before ", 7);
        assert_string_equal(out.ptr + 7, good[i].want);
        buf_free(&out);
    }
}

static const struct {
    struct edit_case c;
    int code;
} bad[] = {
    {{"{\"a\":\"x\"}", {"/a/b", "1"}, "/a/b cannot be set: /a is a string there"}, ERR_INVALID},
    {{"{\"a\":true}", {"/a/-", "1"}, "/a/- cannot be set: /a is a boolean there"}, ERR_INVALID},
    {{"7", {"/a", "1"}, "/a cannot be set: the document is a number there"}, ERR_INVALID},
    {{"{\"a\":[1,2]}", {"/a/2", "1"}, "/a/2: the array has 2 elements and no 2; - appends one"}, ERR_INVALID},
    {{"{\"a\":[1,2]}", {"/a/01", "1"}, "/a/01: the array has 2 elements and no 01; - appends one"}, ERR_INVALID},
    {{"{\"a\":[1,2]}", {"/a/x/y", "1"}, "/a/x/y: the array has 2 elements and no x; - appends one"}, ERR_INVALID},
    {{"{}", {"/a/-", "1", "/a/x", "1"}, "/a/x: the array has 0 elements and no x; - appends one"}, ERR_INVALID},
    {{"{}", {"a", "1"}, "a: a JSON pointer begins with /"}, ERR_INVALID},
    {{"{}", {"/a~", "1"}, "/a~: in a JSON pointer ~ is written ~0 (and / inside a key ~1)"}, ERR_INVALID},
    {{"{}", {"/a~2", NULL}, "/a~2: in a JSON pointer ~ is written ~0 (and / inside a key ~1)"}, ERR_INVALID},
    {{"{}", {"/\xFF", "1"}, "/\xFF: not valid UTF-8"}, ERR_INVALID},
    {{"{}", {"", NULL}, "the whole document cannot be removed"}, ERR_INVALID},
    {{"{}",
      {"/a", "1", "/a/b", "2"},
      "/a and /a/b are both edited, and the one lies inside the other: edit one of them"},
     ERR_INVALID},
    {{"{\"a\":1}",
      {"/a/b/c", "1", "/a", NULL},
      "/a and /a/b/c are both edited, and the one lies inside the other: edit one of them"},
     ERR_INVALID},
    {{"{}",
      {"/a", "1", "", "2"},
      "the whole document and /a are both edited, and the one lies inside the other: edit one of them"},
     ERR_INVALID},
    {{"{}",
      {"/a", "{"},
      "/a: the new value is no valid JSON: line 1, column 2: expected a key in quotes, found the end of "
      "the text"},
     ERR_SYNTAX},
    {{"{}", {"/a", ""}, "/a: the new value is empty, not JSON"}, ERR_SYNTAX},
};

static void bad_edits_name_the_pointer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf out = BUF_INIT;
        struct error err;
        buf_puts(&out, "before");
        assert_int_equal(run(&bad[i].c, &out, &err), bad[i].code);
        assert_string_equal(err.message, bad[i].c.want);
        assert_string_equal(out.ptr, "before"); /* nothing half done */
        buf_free(&out);
    }
}

static void values_are_encoded(void **state)
{
    (void)state;
    struct json_edits edits = {0};
    struct buf out = BUF_INIT, pointer = BUF_INIT;
    struct json root;
    json_parse(str_of("{}"), "the document", &root, NULL);
    json_edit_set_string(&edits, "/s", str_n("a\"\n\0", 4));
    json_edit_set(&edits, "/i", str_of("-9223372036854775808"));
    json_edit_set(&edits, "/t", str_of("true"));
    json_edit_set(&edits, "/f", str_of("false"));
    json_pointer_push(&pointer, str_of("labels"));
    json_pointer_push(&pointer, str_of("kubeflow.org/a~b"));
    assert_string_equal(pointer.ptr, "/labels/kubeflow.org~1a~0b");
    json_edit_set_string(&edits, pointer.ptr, str_of(""));
    assert_int_equal(json_edit_apply(&edits, root, &out, NULL), 0);
    assert_string_equal(out.ptr, "{\"s\":\"a\\\"\\n\\u0000\",\"i\":-9223372036854775808,\"t\":true,\"f\":false,"
                                 "\"labels\":{\"kubeflow.org/a~b\":\"\"}}");
    json_edits_free(&edits);
    assert_int_equal(edits.count, 0);
    buf_free(&out);
    buf_free(&pointer);
}

/* levels tokens, and below them a value of `deep` arrays. */
static int edit_deep(int levels, int deep)
{
    struct buf pointer = BUF_INIT, raw = BUF_INIT, out = BUF_INIT;
    for (int i = 0; i < levels; i++)
        buf_puts(&pointer, "/a");
    for (int i = 0; i < deep; i++)
        buf_putc(&raw, '[');
    for (int i = 0; i < deep; i++)
        buf_putc(&raw, ']');
    if (deep == 0)
        buf_putc(&raw, '1');
    struct json_edits edits = {0};
    struct json root, again;
    json_parse(str_of("{}"), "the document", &root, NULL);
    json_edit_set(&edits, pointer.ptr, buf_str(&raw));
    int rc = json_edit_apply(&edits, root, &out, NULL);
    if (rc == 0)
        assert_int_equal(json_parse(buf_str(&out), "the result", &again, NULL), 0);
    json_edits_free(&edits);
    buf_free(&pointer);
    buf_free(&raw);
    buf_free(&out);
    return rc;
}

static void what_is_edited_can_be_read_again(void **state)
{
    (void)state;
    assert_int_equal(edit_deep(JSON_DEPTH_MAX, 0), 0);
    assert_int_equal(edit_deep(JSON_DEPTH_MAX - 1, 1), 0);
    assert_int_equal(edit_deep(1, JSON_DEPTH_MAX - 1), 0);
    assert_int_equal(edit_deep(JSON_DEPTH_MAX + 1, 0), ERR_LIMIT);
    assert_int_equal(edit_deep(JSON_DEPTH_MAX, 1), ERR_LIMIT);
    assert_int_equal(edit_deep(1, JSON_DEPTH_MAX), ERR_LIMIT);
    assert_int_equal(edit_deep(100000, 0), ERR_LIMIT);
}

static void the_limit_of_the_buffer_holds(void **state)
{
    (void)state;
    struct edit_case c = {"{\"a\":\"0123456789\",\"b\":1}", {"/a", NULL, "/c", "2"}, NULL};
    struct buf out;
    struct error err;
    buf_init(&out, 13);
    assert_int_equal(run(&c, &out, &err), 0); /* the result fits, though the document would not */
    assert_string_equal(out.ptr, "{\"b\":1,\"c\":2}");
    buf_free(&out);
    buf_init(&out, 12);
    assert_int_equal(run(&c, &out, &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "the edited document is larger than the limit of 12 bytes"));
    buf_free(&out);
}

static void each_allocation_can_fail(void **state)
{
    (void)state;
    static const struct edit_case c = {
        "{\n  \"a\": [1, {\"b\": 2}],\n  \"c\": {}\n}",
        {"/a/1/b", "3", "/a/0", NULL, "/c/d/e~1f", "[1]", "/c/g/-", "4", "/h", "5", "/a/-", "6"},
        NULL,
    };
    struct json root;
    json_parse(str_of(c.document), "the document", &root, NULL);
    for (long n = 1;; n++) {
        struct json_edits edits = {0};
        struct buf out = BUF_INIT;
        struct error err = {0};
        alloc_fail_at(n);
        fill(&edits, &c);
        json_edit_set_string(&edits, "/s", str_of("text"));
        json_edit_set(&edits, "/i", str_of("7"));
        int rc = json_edit_apply(&edits, root, &out, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (failed) {
            assert_int_equal(rc, ERR_NOMEM);
            assert_int_equal(err.code, ERR_NOMEM);
        } else {
            assert_int_equal(rc, 0);
        }
        json_edits_free(&edits);
        buf_free(&out);
        if (!failed)
            break;
    }
}

/* Ten thousand edits of one set: found by halving, not one by one. */
static void many_edits_at_once(void **state)
{
    (void)state;
    const int n = 10000;
    struct buf document = BUF_INIT, out = BUF_INIT, want = BUF_INIT;
    struct json_edits edits = {0};
    struct json root;
    char pointer[32], number[16];
    for (int i = 0; i < n; i++) {
        buf_printf(&document, "%c\"k%d\":[%d]", i ? ',' : '{', i, i);
        snprintf(pointer, sizeof pointer, i % 2 ? "/k%d/0" : "/k%d/-", n - 1 - i);
        snprintf(number, sizeof number, "%d", n - 1 - i);
        json_edit_set(&edits, pointer, str_of(number));
        buf_printf(&want, i % 2 ? "%c\"k%d\":[%d,%d]" : "%c\"k%d\":[%d]", i ? ',' : '{', i, i, i);
    }
    buf_putc(&document, '}');
    buf_putc(&want, '}');
    assert_int_equal(json_parse(buf_str(&document), "the document", &root, NULL), 0);
    assert_int_equal(json_edit_apply(&edits, root, &out, NULL), 0);
    assert_string_equal(out.ptr, want.ptr);
    json_edits_free(&edits);
    buf_free(&document);
    buf_free(&out);
    buf_free(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_spliced),
        cmocka_unit_test(bad_edits_name_the_pointer),
        cmocka_unit_test(values_are_encoded),
        cmocka_unit_test(what_is_edited_can_be_read_again),
        cmocka_unit_test(the_limit_of_the_buffer_holds),
        cmocka_unit_test(each_allocation_can_fail),
        cmocka_unit_test(many_edits_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
