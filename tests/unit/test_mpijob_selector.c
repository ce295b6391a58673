/* SPDX-License-Identifier: Apache-2.0 */
/* The selector language against Kubernetes' own: tests/fixtures/selectors/selectors.tsv was recorded from the library
 * that kubectl and the API server parse with. Each selector is taken or refused as there, matches the same labels, and
 * still does in the words that are sent to the server. */
#include "mpijob_fixture.h"

#include "mpijob/match/selector.h"

/* The label sets of record.go. */
static const char *const sets[] = {
    "{}",
    "{\"a\":\"\"}",
    "{\"a\":\"1\"}",
    "{\"a\":\"x\"}",
    "{\"a\":\"in\"}",
    "{\"in\":\"a\"}",
    "{\"notin\":\"1\"}",
    "{\"a\":\"1\",\"b\":\"2\"}",
    "{\"a\":\"007\"}",
    "{\"ops.example.com/x\":\"1\"}",
    "{\"b\":\"x.y_z-1\"}",
    "{\"a\":\"9223372036854775808\"}",
};
#define SETS (sizeof sets / sizeof *sets)

static void unescape(char *text)
{
    char *out = text;
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            *out++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p;
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
}

static void matches(const struct selector *s, char results[SETS + 1])
{
    for (size_t i = 0; i < SETS; i++)
        results[i] = selector_match(s, parsed(sets[i])) ? '1' : '0';
    results[SETS] = '\0';
}

static void check(const char *text, const char *expected)
{
    struct selector s = {0}, sent = {0};
    struct buf written = BUF_INIT;
    struct error err;
    char results[SETS + 1];
    if (selector_parse(&s, text, &err)) {
        if (strcmp(expected, "ERR") != 0)
            fail_msg("\"%s\" is refused: %s", text, err.message);
        selector_free(&s);
        return;
    }
    matches(&s, results);
    if (strcmp(results, expected) != 0)
        fail_msg("\"%s\": %s, expected %s", text, results, expected);
    selector_write(&s, &written);
    if (selector_parse(&sent, written.ptr ? written.ptr : "", &err))
        fail_msg("\"%s\" is sent as \"%s\": %s", text, written.ptr, err.message);
    matches(&sent, results);
    if (strcmp(results, expected) != 0)
        fail_msg("\"%s\" is sent as \"%s\": %s, expected %s", text, written.ptr, results, expected);
    selector_free(&s);
    selector_free(&sent);
    buf_free(&written);
}

static void as_kubernetes_does(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct error err;
    size_t count = 0, refused = 0;
    if (buf_read_file(&b, TEST_SOURCE_DIR "/tests/fixtures/selectors/selectors.tsv", 1 << 20, &err))
        fail_msg("%s", err.message);
    char *next = b.ptr;
    for (char *line; (line = strsep(&next, "\n"));) {
        char *expected = strrchr(line, '\t');
        if (*line == '#' || !expected)
            continue;
        *expected++ = '\0';
        unescape(line);
        check(line, expected);
        count++;
        refused += strcmp(expected, "ERR") == 0;
    }
    assert_int_equal(count, 1201);
    assert_int_equal(refused, 372);
    buf_free(&b);
}

/* The server refuses "(a,,)", which is what two empty values would be. */
static void what_is_said_twice_is_sent_once(void **state)
{
    (void)state;
    struct selector s = {0};
    struct buf written = BUF_INIT;
    assert_int_equal(selector_parse(&s, "a in (1, , 2,1,), b notin (x,x)", NULL), 0);
    selector_write(&s, &written);
    assert_string_equal(written.ptr, "a in (1,,2),b!=x");
    selector_free(&s);
    buf_free(&written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_kubernetes_does),
        cmocka_unit_test(what_is_said_twice_is_sent_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
