/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into JSON: pointers, types, numbers, strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "json/value.h"

static struct json parse(const char *text)
{
    struct json root;
    struct error err;
    if (json_parse(str_of(text), "the test", &root, &err))
        fail_msg("%s: %s", text, err.message);
    return root;
}

static void assert_raw(struct json v, const char *want)
{
    if (!str_is(v.text, want))
        fail_msg("%.*s instead of %s", (int)v.text.len, v.text.ptr, want);
}

static void message_is(const char *text, const char *want)
{
    struct json root;
    struct error err;
    assert_int_equal(json_parse(str_of(text), "the answer of https://k8s/", &root, &err), ERR_SYNTAX);
    assert_string_equal(err.message, want);
}

static void messages_name_place_and_cure(void **state)
{
    (void)state;
    message_is("", "the answer of https://k8s/ is empty, not JSON");
    message_is("<html>", "the answer of https://k8s/ is no valid JSON: line 1, column 1: expected a value, found <");
    message_is("{\n  \"\xC3\xA9\": 1,\n}",
               "the answer of https://k8s/ is no valid JSON: line 3, column 1: expected a key in quotes, found }");
    message_is("[\"\xC3\xA9\" 1]",
               "the answer of https://k8s/ is no valid JSON: line 1, column 6: expected a comma or ], found 1");
    message_is("{\"a\":1",
               "the answer of https://k8s/ is no valid JSON: line 1, column 7: expected a comma or }, found the "
               "end of the text");
    message_is("[\"\t\"]",
               "the answer of https://k8s/ is no valid JSON: line 1, column 3: expected no control character "
               "inside a string (write it as an escape), found byte 0x09");
    message_is(
        "{\"a\":01}",
        "the answer of https://k8s/ is no valid JSON: line 1, column 7: expected a number without leading zeros, "
        "found 1");
    message_is("[1] x",
               "the answer of https://k8s/ is no valid JSON: line 1, column 5: expected nothing after the value, "
               "found x");
}

static void types_are_told_by_the_first_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_type type;
        const char *name;
    } cases[] = {
        {"null", JSON_NULL, "null"},       {"true", JSON_BOOL, "a boolean"},  {" false ", JSON_BOOL, "a boolean"},
        {"-1", JSON_NUMBER, "a number"},   {"\"\"", JSON_STRING, "a string"}, {"[ ]", JSON_ARRAY, "an array"},
        {"{ }", JSON_OBJECT, "an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(json_type(parse(cases[i].text)), cases[i].type);
        assert_string_equal(json_type_name(cases[i].type), cases[i].name);
    }
    struct json none = {{NULL, 0}};
    assert_int_equal(json_type(none), JSON_ABSENT);
    assert_string_equal(json_type_name(JSON_ABSENT), "nothing");
    assert_false(json_exists(none));
    assert_true(json_is_true(parse("true")));
    assert_false(json_is_true(parse("false")));
    assert_false(json_is_true(parse("\"true\"")));
    assert_false(json_is_true(none));
}

/* The examples of RFC 6901 and what leads nowhere. */
static void pointers_lead_to_values(void **state)
{
    (void)state;
    struct json root =
        parse("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4,"
              "\"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8, \"x\": {\"y\": {\"\": [[], {\"z\": null}]}},"
              "\"\\u00e9\\/~\": 9, \"d\": 1, \"d\": {\"e\": 1, \"e\": 2}}");
    static const struct {
        const char *pointer, *want;
    } cases[] = {
        {"/foo", "[\"bar\", \"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/foo/1", "\"baz\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/g|h", "4"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
        {"/x/y//1/z", "null"},
        {"/x/y//0", "[]"},
        {"/\xC3\xA9~1~0", "9"},
        {"/d/e", "2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_raw(json_at(root, cases[i].pointer), cases[i].want);
    assert_raw(json_at(root, ""), root.text.ptr);
    static const char *const nowhere[] = {
        "foo",
        "/foo/2",
        "/foo/-",
        "/foo/00",
        "/foo/01",
        "/foo/+1",
        "/foo/-1",
        "/foo/1x",
        "/foo/",
        "/foo/0/0",
        "/Foo",
        "/foo/99999999999999999999999",
        "/a/b",
        "/a~2b",
        "/m~n",
        "/m~",
        "/x/y/z",
        "/x/y//1/z/a",
        "/x/",
        "//",
        "/fo",
        "/fooo",
        "/foo/18446744073709551616",
    };
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        if (json_exists(json_at(root, nowhere[i])))
            fail_msg("%s leads somewhere", nowhere[i]);
    assert_false(json_exists(json_at((struct json){{NULL, 0}}, "/a")));
}

static void members_are_found_by_decoded_key(void **state)
{
    (void)state;
    struct json v =
        parse("{\"a\\u0062\": 1, \"x\": 2, \"x\": 3, \"nul\\u0000l\": 4, \"\\ud83d\\ude00\": 5, \"\\ud800\": 6}");
    assert_raw(json_get(v, "ab"), "1");
    assert_raw(json_get(v, "x"), "3");
    assert_raw(json_member(v, str_n("nul\0l", 5)), "4");
    assert_raw(json_get(v, "\xF0\x9F\x98\x80"), "5");
    assert_raw(json_get(v, "\xEF\xBF\xBD"), "6");
    assert_false(json_exists(json_get(v, "nul")));
    assert_false(json_exists(json_get(v, "a\\u0062")));
    assert_false(json_exists(json_get(v, "~1")));
    assert_false(json_exists(json_get(parse("[1]"), "0")));
    assert_false(json_exists(json_member(v, (struct str){NULL, 0})));
    assert_int_equal(json_count(v), 6);
}

static void iteration_gives_keys_and_values(void **state)
{
    (void)state;
    struct buf seen = BUF_INIT;
    struct json object = parse("{ \"a\\\"\" : [ 1,{} ] ,\"b\":\"}],\\\\\", \"a\\\"\":-1e5 }");
    for (struct json_iter it = json_iter(object); json_next(&it);)
        buf_printf(&seen, "%.*s=%.*s;", (int)it.key.text.len, it.key.text.ptr, (int)it.value.text.len,
                   it.value.text.ptr);
    assert_string_equal(seen.ptr, "\"a\\\"\"=[ 1,{} ];\"b\"=\"}],\\\\\";\"a\\\"\"=-1e5;");
    buf_reset(&seen);
    struct json_iter it = json_iter(parse(" [true ,\n[ ] , \"x\"]"));
    while (json_next(&it)) {
        assert_false(json_exists(it.key));
        buf_printf(&seen, "%.*s;", (int)it.value.text.len, it.value.text.ptr);
    }
    assert_false(json_next(&it)); /* and stays at the end */
    assert_string_equal(seen.ptr, "true;[ ];\"x\";");
    static const char *const none[] = {"[]", "{ }", "[\n]", "1", "\"[1]\"", "null"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(json_count(parse(none[i])), 0);
    assert_int_equal(json_count((struct json){{NULL, 0}}), 0);
    buf_free(&seen);
}

/* Containers are skipped in blocks of 64 bytes: brackets, quotes and backslashes at each place of a block. */
static void skipping_is_right_at_every_offset(void **state)
{
    (void)state;
    static const char *const inner[] = {
        "[[],[[]],{\"}\":[]}]", "\"\\\\\"", "\"\\\"}]\"", "\"\\\\\\\"]\"", "{\"\\\\\":\"\\\"\\\\\\\"\",\"\":[\"]\"]}",
        "[\"\",\"\\\\\"]"};
    for (size_t pad = 0; pad < 200; pad++) {
        for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
            struct buf text = BUF_INIT;
            buf_puts(&text, "{\"first\":[\"");
            for (size_t n = 0; n < pad; n++)
                buf_putc(&text, n % 7 ? '{' : ']');
            buf_printf(&text, "\",%s,%s],\"last\":%s}", inner[i], inner[i], inner[i]);
            struct json root = parse(text.ptr);
            assert_int_equal(json_count(root), 2);
            assert_int_equal(json_count(json_get(root, "first")), 3);
            assert_raw(json_at(root, "/first/2"), inner[i]);
            assert_raw(json_get(root, "last"), inner[i]);
            buf_free(&text);
        }
    }
}

static void decodes_to(const char *raw, struct str want)
{
    struct buf out = BUF_INIT;
    struct json v = parse(raw);
    assert_true(json_decode(v, &out));
    assert_int_equal(out.len, want.len);
    assert_memory_equal(out.ptr, want.ptr, want.len);
    assert_true(json_string_is(v, want));
    assert_false(json_string_is(v, str_of("something else")));
    buf_free(&out);
}

static void strings_decode(void **state)
{
    (void)state;
    decodes_to("\"\"", str_of(""));
    decodes_to("\"plain \xE2\x82\xAC\"", str_of("plain \xE2\x82\xAC"));
    decodes_to("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", str_of("\"\\/\b\f\n\r\t"));
    decodes_to("\"a\\u0000b\"", str_n("a\0b", 3));
    decodes_to("\"\\u007f\\u0080\\u07ff\\u0800\\uFFFF\"", str_of("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"));
    decodes_to("\"\\ud800\\udc00\\uDBFF\\uDFFF\"", str_of("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
    decodes_to("\"\\ud83dx\\ude00\"", str_of("\xEF\xBF\xBDx\xEF\xBF\xBD"));
    decodes_to("\"\\ud83d\\ud83d\\ude00\"", str_of("\xEF\xBF\xBD\xF0\x9F\x98\x80"));
    decodes_to("\"\\ud83d\"", str_of("\xEF\xBF\xBD"));
    decodes_to("\"\\ud83d\\n\"", str_of("\xEF\xBF\xBD\n"));
    struct buf out = BUF_INIT;
    assert_false(json_decode(parse("1"), &out));
    assert_false(json_decode((struct json){{NULL, 0}}, &out));
    assert_false(json_string_is(parse("null"), str_of("null")));
    assert_false(json_string_is(parse("\"ab\""), str_of("a")));
    assert_false(json_string_is(parse("\"a\""), str_of("ab")));
    assert_true(json_string_is(parse("\"\""), (struct str){NULL, 0}));
    buf_init(&out, 3);
    assert_false(json_decode(parse("\"abcd\""), &out));
    buf_free(&out);
}

/* size: of the room. want: what is there then. */
static void copies(const char *raw, const char *pointer, size_t size, int want_rc, const char *want)
{
    char out[64];
    memset(out, 'x', sizeof out);
    assert_int_equal(json_string_at(parse(raw), pointer, out, size), want_rc);
    assert_string_equal(out, want);
    for (size_t i = size; i < sizeof out; i++)
        assert_int_equal(out[i], 'x');
}

static void strings_are_copied_into_a_fixed_room(void **state)
{
    (void)state;
    const char *object = "{\"a\":{\"b\":\"text\",\"n\":1,\"e\":\"\",\"l\":[\"x\\ty\"]}}";
    copies(object, "/a/b", 64, 0, "text");
    copies(object, "/a/b", 5, 0, "text");
    copies(object, "/a/b", 4, ERR_LIMIT, "tex");
    copies(object, "/a/b", 1, ERR_LIMIT, "");
    copies(object, "/a/l/0", 64, 0, "x\ty");
    copies(object, "/a/e", 64, ERR_NOT_FOUND, "");
    copies(object, "/a/n", 64, ERR_NOT_FOUND, "");
    copies(object, "/a/l", 64, ERR_NOT_FOUND, "");
    copies(object, "/nowhere", 64, ERR_NOT_FOUND, "");
    copies(object, "no pointer", 64, ERR_NOT_FOUND, "");
    copies("\"itself\"", "", 64, 0, "itself");
    copies("\"\\ud83d\\ude00\"", "", 5, 0, "\xF0\x9F\x98\x80");
    copies("\"\\ud83d\\ude00\"", "", 4, ERR_LIMIT, ""); /* no half character */
    copies("\"a\xF0\x9F\x98\x80\"", "", 5, ERR_LIMIT, "a");
    copies("\"a\xE2\x82\xAC\xE2\x82\xAC\"", "", 7, ERR_LIMIT, "a\xE2\x82\xAC");
    copies("\"a\xE2\x82\xAC\xE2\x82\xAC\"", "", 8, 0, "a\xE2\x82\xAC\xE2\x82\xAC");
}

static void integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"0.000", 0},
        {"0e999999999999999999999", 0},
        {"3", 3},
        {"3.0", 3},
        {"1e3", 1000},
        {"1.5e1", 15},
        {"-12.50e+1", -125},
        {"1000e-3", 1},
        {"0.001e3", 1},
        {"9007199254740993", 9007199254740993},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9.223372036854775807e18", INT64_MAX},
        {"9223372036854775807000e-3", INT64_MAX},
        {"0.00000000000000000000000000001e29", 1},
    };
    int64_t n;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!json_int64(parse(good[i].text), &n) || n != good[i].want)
            fail_msg("%s", good[i].text);
    }
    static const char *const bad[] = {
        "0.5",
        "1e-1",
        "9223372036854775808",
        "-9223372036854775809",
        "1e19",
        "99999999999999999999",
        "1e400",
        "1.0000001",
        "18446744073709551616",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "\"3\"",
        "true",
        "null",
        "[3]",
        "18446744073709551617",
        "36893488147419103233",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (json_int64(parse(bad[i]), &n))
            fail_msg("%s is taken", bad[i]);
    assert_false(json_int64((struct json){{NULL, 0}}, &n));
    assert_true(json_is_integer_text(parse("-12")));
    assert_true(json_is_integer_text(parse("123456789012345678901234567890")));
    static const char *const fractions[] = {"1.0", "1e3", "1E3", "\"1\"", "[1]"};
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++)
        assert_false(json_is_integer_text(parse(fractions[i])));
}

static void doubles_are_the_nearest_in_any_locale(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double want;
    } cases[] = {
        {"0.1", 0x1.999999999999ap-4},
        {"1e23", 0x1.52d02c7e14af6p+76},
        {"8.5", 8.5},
        {"9007199254740993", 0x1p53},
        {"9007199254740993.00000000000000000000000000000000000000000000000000000001", 0x1.0000000000001p53},
        {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
        {"5e-324", 0x1p-1074},
        {"2e-324", 0},
        {"-0", -0.0},
        {"1.7976931348623157e308", 0x1.fffffffffffffp1023},
        {"-1e-99999999999999999999", -0.0},
    };
    const char *const locales[] = {"C", "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t l = 0; l < sizeof locales / sizeof *locales; l++) {
        if (!setlocale(LC_ALL, locales[l]))
            continue;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            double got = 1;
            assert_true(json_double(parse(cases[i].text), &got));
            if (got != cases[i].want || signbit(got) != signbit(cases[i].want))
                fail_msg("%s gives %a", cases[i].text, got);
        }
    }
    setlocale(LC_ALL, "C");
    double got;
    assert_true(json_double(parse("1e400"), &got) && isinf(got) && got > 0);
    assert_true(json_double(parse("-1e99999999999999999999"), &got) && isinf(got) && got < 0);
    assert_false(json_double(parse("\"1\""), &got));
    assert_false(json_double((struct json){{NULL, 0}}, &got));
}

static const struct {
    const char *a, *b;
    bool equal;
} pairs[] = {
    {"1", "1.0", true},
    {"100", "1e2", true},
    {"0", "-0.0e5", true},
    {"1", "-1", false},
    {"1", "10", false},
    {"0.1", "0.10", true},
    {"0.01", "1e-2", true},
    {"0.01", "0.1", false},
    {"1050", "1.05e3", true},
    {"105", "15", false},
    {"9007199254740992", "9007199254740993", false},
    {"1e99999999999999999999", "1e99999999999999999998", false},
    {"1e99999999999999999999", "1e99999999999999999999", true},
    {"1", "\"1\"", false},
    {"null", "null", true},
    {"true", "false", false},
    {"null", "false", false},
    {"\"\\u0061\"", "\"a\"", true},
    {"\"a\"", "\"A\"", false},
    {"\"\\/\"", "\"/\"", true},
    {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"", true},
    {"[]", "{}", false},
    {"[ ]", "[]", true},
    {"[1,2]", "[2,1]", false},
    {"[1]", "[1,1]", false},
    {"[1,1]", "[1]", false},
    {"{ }", "{}", true},
    {"{}", "{\"a\":1}", false},
    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1.0}", true},
    {"{\"a\":1}", "{\"b\":1}", false},
    {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
    {"{\"a\":1,\"a\":2}", "{\"a\":2}", true},
    {"{\"a\":1,\"a\":2}", "{\"a\":1}", false},
    {"{\"a\":1,\"a\":2}", "{\"a\":2,\"a\":1}", false},
    {"{\"a\":1,\"b\":1}", "{\"a\":1,\"a\":1}", false},
    {"{\"\\u0061\":1,\"b\":3,\"a\":2}", "{\"b\":3,\"\\u0061\":2}", true},
    {"{\"a\":{\"b\":[{\"c\":1,\"d\":2}]}}", "{\"a\":{\"b\":[{\"d\":2,\"c\":1}]}}", true},
    {"{\"a\":{\"b\":[{\"c\":1,\"d\":2}]}}", "{\"a\":{\"b\":[{\"d\":2,\"c\":3}]}}", false},
};

static void equality_is_of_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct json a = parse(pairs[i].a), b = parse(pairs[i].b);
        if (json_equal(a, b) != pairs[i].equal || json_equal(b, a) != pairs[i].equal)
            fail_msg("%s, %s", pairs[i].a, pairs[i].b);
    }
    struct json none = {{NULL, 0}};
    assert_true(json_equal(none, none));
    assert_false(json_equal(none, parse("null")));
}

static void equality_needs_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct json a = parse(pairs[i].a), b = parse(pairs[i].b);
        for (long n = 1;; n++) {
            alloc_fail_at(n);
            bool equal = json_equal(a, b);
            bool failed = alloc_failed();
            alloc_fail_at(0);
            assert_int_equal(equal, pairs[i].equal);
            if (!failed)
                break;
        }
    }
}

static void what_an_object_lacks(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{\"b\":2,\"a\":1}", "{\"a\":1}", NULL},
        {"{\"b\":2,\"a\":1}", "{\"a\":1,\"\\u0062\":2.0}", NULL},
        {"{\"b\":2,\"a\":1}", "{\"b\":3}", "\"b\""},
        {"{\"b\":2,\"a\":1}", "{\"b\":2,\"c\":1}", "\"c\""},
        {"{\"b\":2,\"a\":1}", "{\"b\":3,\"b\":2}", NULL},
        {"{\"b\":2,\"a\":1}", "{\"b\":2,\"b\":3}", "\"b\""},
        {"{}", "{}", NULL},
        {"{}", "{\"a\":null}", "\"a\""},
        {"[]", "{\"a\":1}", "\"a\""},
        {"{}", "[1]", NULL},
    };
    struct json key, none = {{NULL, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (long n = 0; n < 2; n++) {
            alloc_fail_at(n);
            bool lacks = json_lacks(parse(cases[i][0]), parse(cases[i][1]), &key);
            alloc_fail_at(0);
            if (lacks != (cases[i][2] != NULL) || (lacks && !str_is(key.text, cases[i][2])))
                fail_msg("%s, %s", cases[i][0], cases[i][1]);
        }
    }
    assert_false(json_lacks(none, none, &key));
    assert_true(json_lacks(none, parse("{\"a\":1}"), &key));
    assert_false(json_lacks(parse("{\"a\":1}"), none, &key));
}

/* An object of many keys in another order: an index, not a comparison of each with each. */
static void equality_of_large_objects_is_fast(void **state)
{
    (void)state;
    struct buf a = BUF_INIT, b = BUF_INIT;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        buf_printf(&a, "%c\"k%d\":%d", i ? ',' : '{', i, i);
        buf_printf(&b, "%c\"k%d\":%d", i ? ',' : '{', n - 1 - i, n - 1 - i);
    }
    buf_putc(&a, '}');
    buf_putc(&b, '}');
    assert_true(json_equal(parse(a.ptr), parse(b.ptr)));
    buf_free(&a);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_name_place_and_cure),
        cmocka_unit_test(types_are_told_by_the_first_byte),
        cmocka_unit_test(pointers_lead_to_values),
        cmocka_unit_test(members_are_found_by_decoded_key),
        cmocka_unit_test(iteration_gives_keys_and_values),
        cmocka_unit_test(skipping_is_right_at_every_offset),
        cmocka_unit_test(strings_decode),
        cmocka_unit_test(strings_are_copied_into_a_fixed_room),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(doubles_are_the_nearest_in_any_locale),
        cmocka_unit_test(equality_is_of_meaning),
        cmocka_unit_test(equality_needs_no_memory),
        cmocka_unit_test(what_an_object_lacks),
        cmocka_unit_test(equality_of_large_objects_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
