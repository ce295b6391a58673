/* SPDX-License-Identifier: Apache-2.0 */
/* What a strict parser must take and must refuse, one case a line; each is also tried cut short at every byte, and at
 * the end of memory that a sanitizer watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "json/edit.h"

#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

static const struct str accepted[] = {
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT("0"),
    TEXT("-0"),
    TEXT("-1"),
    TEXT("10"),
    TEXT("1.0"),
    TEXT("0.10"),
    TEXT("-0.0e-0"),
    TEXT("1e3"),
    TEXT("1E+3"),
    TEXT("1e-03"),
    TEXT("0e0"),
    TEXT("0E+00"),
    TEXT("1e400"),
    TEXT("-1e-400"),
    TEXT("9007199254740993"),
    TEXT("123456789012345678901234567890123456789012345678901234567890"),
    TEXT("\"\""),
    TEXT("\"a\""),
    TEXT("\" \""),
    TEXT("\"\x7F\""),
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    TEXT("\"\\u0000\""),
    TEXT("\"\\uABCD\\uabcd\""),
    TEXT("\"\\ud83d\\ude00\""),
    TEXT("\"\\ud800\""),
    TEXT("\"\\uDC00\\uD800\""),
    TEXT("\"\\ud800\\n\""),
    TEXT("\"\\\\u0041\""),
    TEXT("\"\xC2\x80\""),
    TEXT("\"\xDF\xBF\""),
    TEXT("\"\xE0\xA0\x80\""),
    TEXT("\"\xED\x9F\xBF\""),
    TEXT("\"\xEE\x80\x80\""),
    TEXT("\"\xEF\xBF\xBF\""),
    TEXT("\"\xEF\xBB\xBF\""),
    TEXT("\"\xF0\x90\x80\x80\""),
    TEXT("\"\xF4\x8F\xBF\xBF\""),
    TEXT("\"\xE2\x80\xA8\""),
    TEXT("\"0123456789abcde\""),
    TEXT("\"0123456789abcdef\""),
    TEXT("\"0123456789abcdef0123456789abcde\\\"\""),
    TEXT("[]"),
    TEXT("{}"),
    TEXT("[ ]"),
    TEXT("{ }"),
    TEXT("[[]]"),
    TEXT("[1]"),
    TEXT("[1,2]"),
    TEXT("[1 , 2 ]"),
    TEXT("[null,true,false,0,\"\",[],{}]"),
    TEXT("{\"a\":1}"),
    TEXT("{\"\":0}"),
    TEXT("{\"a\":1,\"a\":2}"),
    TEXT("{\"a\":{\"b\":[{\"c\":{}}]}}"),
    TEXT("{\"\\u0061\":1}"),
    TEXT(" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"),
    TEXT(" \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n1 \t\r\n} \t\r\n"),
    TEXT("[                                        1                                        ]"),
    TEXT("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),
    TEXT(" null "),
    TEXT("\t0\n"),
};

static const struct str refused[] = {
    TEXT(""),
    TEXT(" "),
    TEXT("\n"),
    TEXT("nul"),
    TEXT("nulll"),
    TEXT("Null"),
    TEXT("NULL"),
    TEXT("True"),
    TEXT("tru"),
    TEXT("fals"),
    TEXT("undefined"),
    TEXT("NaN"),
    TEXT("nan"),
    TEXT("Infinity"),
    TEXT("-Infinity"),
    TEXT("inf"),
    TEXT("+1"),
    TEXT("-"),
    TEXT("--1"),
    TEXT("00"),
    TEXT("01"),
    TEXT("-01"),
    TEXT("-00"),
    TEXT("1."),
    TEXT("1.e1"),
    TEXT(".1"),
    TEXT("-.1"),
    TEXT("1e"),
    TEXT("1e+"),
    TEXT("1E-"),
    TEXT("1e1.5"),
    TEXT("1e1e1"),
    TEXT("0x1F"),
    TEXT("0b1"),
    TEXT("1_000"),
    TEXT("1,000"),
    TEXT("1 000"),
    TEXT("1a"),
    TEXT("1.2.3"),
    TEXT("0e"),
    TEXT("1L"),
    TEXT("\xEF\xBC\x91"),
    TEXT("\""),
    TEXT("\"a"),
    TEXT("a\""),
    TEXT("a"),
    TEXT("'a'"),
    TEXT("\"\n\""),
    TEXT("\"\t\""),
    TEXT("\"\x1F\""),
    TEXT("\"\0\""),
    TEXT("\"\\\""),
    TEXT("\"\\a\""),
    TEXT("\"\\'\""),
    TEXT("\"\\0\""),
    TEXT("\"\\x41\""),
    TEXT("\"\\U0041\""),
    TEXT("\"\\u\""),
    TEXT("\"\\u0\""),
    TEXT("\"\\u004\""),
    TEXT("\"\\u00g0\""),
    TEXT("\"\\u-041\""),
    TEXT("\"\\u 041\""),
    TEXT("\"\\\n\""),
    TEXT("\"\\\0\""),
    TEXT("\"\\ud83d\\u\""),
    TEXT("\"\x80\""),
    TEXT("\"\xBF\""),
    TEXT("\"\xC0\x80\""),
    TEXT("\"\xC1\xBF\""),
    TEXT("\"\xC2\""),
    TEXT("\"\xC2\x41\""),
    TEXT("\"\xE0\x80\x80\""),
    TEXT("\"\xE0\x9F\xBF\""),
    TEXT("\"\xE2\x82\""),
    TEXT("\"\xED\xA0\x80\""),
    TEXT("\"\xED\xBF\xBF\""),
    TEXT("\"\xF0\x80\x80\x80\""),
    TEXT("\"\xF0\x8F\xBF\xBF\""),
    TEXT("\"\xF4\x90\x80\x80\""),
    TEXT("\"\xF5\x80\x80\x80\""),
    TEXT("\"\xF8\x88\x80\x80\x80\""),
    TEXT("\"\xFE\""),
    TEXT("\"\xFF\""),
    TEXT("\"0123456789abcdef\x80\""),
    TEXT("\xEF\xBB\xBF{}"),
    TEXT("\xFE\xFF\0{\0}"),
    TEXT("["),
    TEXT("]"),
    TEXT("{"),
    TEXT("}"),
    TEXT("[1"),
    TEXT("[1,"),
    TEXT("[1,]"),
    TEXT("[,1]"),
    TEXT("[,]"),
    TEXT("[1,,2]"),
    TEXT("[1 2]"),
    TEXT("[1;2]"),
    TEXT("[1}"),
    TEXT("[1]]"),
    TEXT("[[1]"),
    TEXT("[1:2]"),
    TEXT("[\"a\":1]"),
    TEXT("[1]x"),
    TEXT("[] []"),
    TEXT("1 2"),
    TEXT("{}{}"),
    TEXT("{}}"),
    TEXT("{]"),
    TEXT("{,}"),
    TEXT("{1:1}"),
    TEXT("{a:1}"),
    TEXT("{'a':1}"),
    TEXT("{null:1}"),
    TEXT("{\"a\"}"),
    TEXT("{\"a\":}"),
    TEXT("{\"a\" 1}"),
    TEXT("{\"a\",1}"),
    TEXT("{\"a\"::1}"),
    TEXT("{\"a\":1,}"),
    TEXT("{\"a\":1"),
    TEXT("{\"a\":1]"),
    TEXT("{\"a\":1 \"b\":2}"),
    TEXT("{\"a\":1;\"b\":2}"),
    TEXT("{\"a\":1,,\"b\":2}"),
    TEXT("{\"a"),
    TEXT("{\"a\":1,\"b\"}"),
    TEXT("{[]:1}"),
    TEXT("{\"a\":1:2}"),
    TEXT("// x\n1"),
    TEXT("/* x */1"),
    TEXT("1 // x"),
    TEXT("# x\n1"),
    TEXT("[1]\0"),
    TEXT("\0"),
    TEXT("1\0"),
    TEXT("\f1"),
    TEXT("\v1"),
    TEXT("\xC2\xA0"
         "1"),
    TEXT("\xE2\x80\xA8[]"),
    TEXT("[\xFF]"),
    TEXT("<html>"),
    TEXT("{\"a\":\x80}"),
    TEXT("[\"\\"),
    TEXT("[\"\\u12"),
    TEXT("truefalse"),
    TEXT("[true false]"),
    TEXT("-a"),
    TEXT("[-]"),
    TEXT("[1e]"),
    TEXT("\"a\"\"b\""),
};

/* At the very end of an allocation of the text's size. */
static int parse_exact(struct str text, struct json *root)
{
    char *copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    int rc = json_parse(str_n(copy, text.len), "the case", root, NULL);
    if (rc == 0 && json_type(*root) != JSON_NULL)
        json_count(*root);
    if (rc == 0) {
        assert_true(root->text.ptr >= copy && root->text.ptr + root->text.len <= copy + text.len);
        struct json_edits none = {0};
        struct buf out = BUF_INIT;
        assert_int_equal(json_edit_apply(&none, *root, &out, NULL), 0);
        assert_true(str_eq(buf_str(&out), root->text));
        assert_true(json_equal(*root, *root));
        buf_free(&out);
    } else {
        assert_false(json_exists(*root));
    }
    free(copy);
    return rc;
}

static void what_is_json_is_taken(void **state)
{
    (void)state;
    struct json root;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        if (parse_exact(accepted[i], &root))
            fail_msg("case %zu is refused: %.*s", i, (int)accepted[i].len, accepted[i].ptr);
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    struct json root;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (parse_exact(refused[i], &root) != ERR_SYNTAX)
            fail_msg("case %zu is taken: %.*s", i, (int)refused[i].len, refused[i].ptr);
}

/* Inside an array and an object too, where other code looks at what follows. */
static void the_same_inside_containers(void **state)
{
    (void)state;
    static const char *const frames[][2] = {
        {"[", "]"}, {"[0,", ",0]"}, {"{\"k\":", "}"}, {"{\"k\":0,\"l\": ", " ,\"m\":[]}"}};
    struct json root;
    for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
        for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
            struct buf text = BUF_INIT;
            buf_puts(&text, frames[f][0]);
            buf_add_str(&text, accepted[i]);
            buf_puts(&text, frames[f][1]);
            assert_int_equal(parse_exact(buf_str(&text), &root), 0);
            buf_free(&text);
        }
    }
}

/* No text that is cut short is whole, except a number and what white space follows the value. */
static void cut_short_is_refused(void **state)
{
    (void)state;
    struct json whole, cut;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct str text = accepted[i];
        assert_int_equal(json_parse(text, "the case", &whole, NULL), 0);
        size_t end = (size_t)(whole.text.ptr - text.ptr) + whole.text.len;
        for (size_t len = 0; len < end; len++) {
            int rc = parse_exact(str_n(text.ptr, len), &cut);
            assert_true(rc == ERR_SYNTAX || json_type(whole) == JSON_NUMBER);
        }
    }
}

static int nested(size_t depth, char open, bool whole)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < depth; i++)
        buf_puts(&text, open == '{' ? "{\"a\":" : "[");
    if (open == '{')
        buf_puts(&text, "1");
    for (size_t i = 0; whole && i < depth; i++)
        buf_putc(&text, open == '{' ? '}' : ']');
    struct json root;
    struct error err;
    int rc = json_parse(buf_str(&text), "the case", &root, &err);
    if (rc == ERR_LIMIT)
        assert_non_null(strstr(err.message, "the case nests deeper than 128 levels at line 1, column "));
    buf_free(&text);
    return rc;
}

static void depth_has_an_end(void **state)
{
    (void)state;
    for (int object = 0; object < 2; object++) {
        char open = object ? '{' : '[';
        assert_int_equal(nested(JSON_DEPTH_MAX, open, true), 0);
        assert_int_equal(nested(JSON_DEPTH_MAX + 1, open, true), ERR_LIMIT);
        assert_int_equal(nested(1000000, open, false), ERR_LIMIT);
    }
}

/* Every byte at every place of a document that has all kinds of tokens: no crash, and a verdict either way. */
static void each_byte_replaced(void **state)
{
    (void)state;
    static const char text[] = "{\"a\\u00e9\": [1.5e+3, -0, \"\xC3\xA9\\n\", true,false , null], \"b\":{},\"\":[ ]}";
    char copy[sizeof text];
    struct json root;
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        for (int c = 0; c < 256; c++) {
            memcpy(copy, text, sizeof text);
            copy[i] = (char)c;
            int rc = parse_exact(str_n(copy, sizeof text - 1), &root);
            assert_true(rc == 0 || rc == ERR_SYNTAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_is_taken),      cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(the_same_inside_containers), cmocka_unit_test(cut_short_is_refused),
        cmocka_unit_test(depth_has_an_end),           cmocka_unit_test(each_byte_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
