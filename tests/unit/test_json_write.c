/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "json/style.h"
#include "json/write.h"

static void commas_and_colons_put_themselves(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "a");
    json_write_array(&w);
    json_write_null(&w);
    json_write_bool(&w, true);
    json_write_array(&w);
    json_write_end(&w);
    json_write_object(&w);
    json_write_end(&w);
    json_write_int(&w, INT64_MIN);
    json_write_end(&w);
    json_write_key_str(&w, str_n("b\"\n", 3));
    json_write_string(&w, NULL);
    json_write_key(&w, "");
    json_write_raw(&w, (struct json){{"{ \"x\":1.0 }", 11}});
    json_write_key(&w, "d");
    json_write_str(&w, str_n("a\0b", 3));
    json_write_key(&w, "e");
    json_write_str(&w, (struct str){NULL, 0});
    json_write_end(&w);
    assert_string_equal(out.ptr, "{\"a\":[null,true,[],{},-9223372036854775808],\"b\\\"\\n\":null,\"\":{ \"x\":1.0 },"
                                 "\"d\":\"a\\u0000b\",\"e\":\"\"}");
    assert_int_equal(w.depth, 0);
    buf_reset(&out);
    json_writer_init(&w, &out);
    json_write_string(&w, "alone");
    assert_string_equal(out.ptr, "\"alone\"");
    buf_free(&out);
}

static void nest(struct json_writer *w, int depth)
{
    for (int i = 0; i < depth; i++) {
        if (i % 2) {
            json_write_object(w);
            json_write_key(w, "k");
        } else {
            json_write_array(w);
        }
    }
    json_write_int(w, 1);
    for (int i = 0; i < depth; i++)
        json_write_end(w);
}

static void depth_has_an_end(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct json root;
    json_writer_init(&w, &out);
    nest(&w, JSON_DEPTH_MAX);
    assert_int_equal(out.failed, 0);
    assert_int_equal(json_parse(buf_str(&out), "the text", &root, NULL), 0);
    buf_reset(&out);
    json_writer_init(&w, &out);
    nest(&w, JSON_DEPTH_MAX + 70);
    assert_int_equal(out.failed, ERR_LIMIT);
    assert_int_equal(w.depth, 0);
    buf_free(&out);
}

static void quoted(struct str text, const char *want)
{
    struct buf out = BUF_INIT;
    json_quote(&out, text);
    assert_string_equal(out.ptr, want);
    buf_free(&out);
}

static void only_what_must_be_is_escaped(void **state)
{
    (void)state;
    quoted(str_of(""), "\"\"");
    quoted(str_of("/<>&\x7F\xE2\x80\xA8"), "\"/<>&\x7F\xE2\x80\xA8\"");
    quoted(str_of("\"\\\b\f\n\r\t\x01\x1F"), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001F\"");
    quoted(str_n("\0", 1), "\"\\u0000\"");
    quoted(str_of("0123456789abcdef\"0123456789abcdef\xC3\xA9"), "\"0123456789abcdef\\\"0123456789abcdef\xC3\xA9\"");
    quoted(str_of("a\xFF"
                  "b\xC3"),
           "\"a\xEF\xBF\xBD"
           "b\xEF\xBF\xBD\"");
    quoted(str_of("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

static void doubles_are_short_in_any_locale(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *want;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0.0"},
        {1, "1"},
        {-3, "-3"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {2.5, "2.5"},
        {100, "100"},
        {1e16, "10000000000000000"},
        {1e17, "1e17"},
        {1.25e30, "1.25e30"},
        {1e-5, "0.00001"},
        {1e-6, "1e-6"},
        {1.5e-7, "1.5e-7"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {1e23, "1e23"},
        {9007199254740992.0, "9007199254740992"},
        {123456.789, "123456.789"},
        {(double)NAN, "null"},
        {(double)INFINITY, "null"},
        {-(double)INFINITY, "null"},
    };
    const char *const locales[] = {"C", "de_DE.UTF-8", "de_DE.utf8"};
    for (size_t l = 0; l < sizeof locales / sizeof *locales; l++) {
        if (!setlocale(LC_ALL, locales[l]))
            continue;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct buf out = BUF_INIT;
            struct json_writer w;
            json_writer_init(&w, &out);
            json_write_double(&w, cases[i].number);
            assert_string_equal(out.ptr, cases[i].want);
            buf_free(&out);
        }
    }
    setlocale(LC_ALL, "C");
}

static void laid_out_anew(void **state)
{
    (void)state;
    static const char text[] = " {\"a\" :[ 1.0,\t{ } , [\n] ],\"b\\u0000\":{\"c\":\"x , y\" , \"c\":1e3}}\n";
    struct json root;
    struct buf out = BUF_INIT;
    assert_int_equal(json_parse(str_of(text), "the text", &root, NULL), 0);
    json_layout(&out, root, &json_style_compact);
    assert_string_equal(out.ptr, "{\"a\":[1.0,{},[]],\"b\\u0000\":{\"c\":\"x , y\",\"c\":1e3}}");
    buf_reset(&out);
    json_pretty(&out, root);
    assert_string_equal(out.ptr,
                        "{\n  \"a\": [\n    1.0,\n    {},\n    []\n  ],\n  \"b\\u0000\": {\n    \"c\": \"x , y\",\n"
                        "    \"c\": 1e3\n  }\n}");
    static const char *const scalars[] = {"1", "-1.50", "\"\"", "null", "[]", "{}", "true"};
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        assert_int_equal(json_parse(str_of(scalars[i]), "the text", &root, NULL), 0);
        buf_reset(&out);
        json_pretty(&out, root);
        assert_string_equal(out.ptr, scalars[i]);
    }
    buf_free(&out);
}

static void failures_stick_in_the_buffer(void **state)
{
    (void)state;
    struct json root;
    assert_int_equal(
        json_parse(str_of("{\"a\": [1, 2, {\"b\": \"ccccccccccccccccccccccccccccccc\"}]}"), "the text", &root, NULL),
        0);
    for (long n = 1;; n++) {
        struct buf out = BUF_INIT;
        struct json_writer w;
        alloc_fail_at(n);
        json_writer_init(&w, &out);
        json_write_object(&w);
        json_write_key(&w, "long key, long key, long key, long key, long key, long key, long key, long key");
        json_write_double(&w, 0.1);
        json_write_key(&w, "raw");
        json_write_raw(&w, root);
        json_write_end(&w);
        json_pretty(&out, root);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(out.failed, failed ? ERR_NOMEM : 0);
        buf_free(&out);
        if (!failed)
            break;
    }
    struct buf small;
    buf_init(&small, 20);
    json_pretty(&small, root);
    assert_int_equal(small.failed, ERR_LIMIT);
    buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_colons_put_themselves),
        cmocka_unit_test(depth_has_an_end),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(doubles_are_short_in_any_locale),
        cmocka_unit_test(laid_out_anew),
        cmocka_unit_test(failures_stick_in_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
