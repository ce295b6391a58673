/* SPDX-License-Identifier: Apache-2.0 */
/* Our reading of YAML against kubectl's own: tests/fixtures/yaml/yaml.tsv was recorded from the library that kubectl
 * reads with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "yaml/convert.h"

static void unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            *to++ = (char)(*p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p);
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
}

static bool same(struct json a, struct json b);

static bool same_members(struct json a, struct json b)
{
    for (struct json_iter it = json_iter(a); json_next(&it);) {
        struct buf key = BUF_INIT;
        bool found = json_decode(it.key, &key) && same(it.value, json_member(b, buf_str(&key)));
        buf_free(&key);
        if (!found)
            return false;
    }
    return true;
}

/* Go's numbers are doubles where they are no integers; ours keep all digits. */
static bool same(struct json a, struct json b)
{
    if (json_type(a) != json_type(b))
        return false;
    if (json_type(a) == JSON_NUMBER)
        return json_equal(a, b) || strtod(a.text.ptr, NULL) == strtod(b.text.ptr, NULL);
    if (json_type(a) != JSON_OBJECT && json_type(a) != JSON_ARRAY)
        return json_equal(a, b);
    if (json_count(a) != json_count(b))
        return false;
    if (json_type(a) == JSON_OBJECT)
        return same_members(a, b);
    struct json_iter of_b = json_iter(b);
    for (struct json_iter it = json_iter(a); json_next(&it);) {
        if (!json_next(&of_b) || !same(it.value, of_b.value))
            return false;
    }
    return true;
}

/* The first document, as kubectl's library reads it. False: refused. */
static bool read_first(const char *text, struct buf *json, struct error *err)
{
    struct yaml_tree *tree;
    if (yaml_tree_parse(str_of(text), "f", &tree, err))
        return false;
    int rc = 0;
    if (yaml_kind(yaml_root(tree)) == YAML_ABSENT)
        buf_puts(json, "null");
    else
        rc = yaml_node_to_json(yaml_root(tree), json, err);
    yaml_tree_free(tree);
    return !rc;
}

static bool check(const char *text, const char *expected)
{
    struct buf json = BUF_INIT;
    struct json ours, theirs;
    struct error err = {0};
    bool read = read_first(text, &json, &err), wanted = strcmp(expected, "ERR") != 0;
    bool good = read == wanted;
    if (read && wanted)
        good = json_parse(buf_str(&json), "ours", &ours, NULL) == 0 &&
               json_parse(str_of(expected), "kubectl's", &theirs, NULL) == 0 && same(ours, theirs);
    if (!good)
        print_message("%s\n  is to kubectl %s\n  here %s\n", text, expected, read ? json.ptr : err.message);
    buf_free(&json);
    return good;
}

static void as_kubectl_does(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct error err;
    size_t count = 0, refused = 0, bad = 0;
    if (buf_read_file(&b, TEST_SOURCE_DIR "/tests/fixtures/yaml/yaml.tsv", 1 << 20, &err))
        fail_msg("%s", err.message);
    char *next = b.ptr;
    for (char *line; (line = strsep(&next, "\n"));) {
        char *expected = strrchr(line, '\t');
        if (*line == '#' || !expected)
            continue;
        *expected++ = '\0';
        unescape(line);
        bad += !check(line, expected);
        count++;
        refused += strcmp(expected, "ERR") == 0;
    }
    assert_int_equal(bad, 0);
    assert_int_equal(count, 1662);
    assert_int_equal(refused, 172);
    buf_free(&b);
}

/* What kubectl takes in silence, and what nobody means. */
static void where_we_are_stricter(void **state)
{
    (void)state;
    static const char *const texts[] = {"a: 1\na: 2\n", "1: a\n\"1\": b\n", "yes: a\ntrue: b\n",
                                        "a: &x 1\nb: &x 2\nc: *x\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf json = BUF_INIT;
        struct error err = {0};
        assert_false(read_first(texts[i], &json, &err));
        assert_int_equal(err.code, ERR_SYNTAX);
        buf_free(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_kubectl_does),
        cmocka_unit_test(where_we_are_stricter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
