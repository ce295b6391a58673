/* SPDX-License-Identifier: Apache-2.0 */
/* Writes that may still come: noted, seen to have come once, replaced, settled, and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "change/late.h"

static const char diff[] = "[{\"path\":\"/metadata/annotations/n\",\"before\":null,\"after\":\"1\"}]";

static struct json object(const char *text)
{
    struct json root;
    assert_int_equal(json_parse(str_of(text), "the object", &root, NULL), 0);
    return root;
}

static struct json job(bool changed)
{
    return changed ? object("{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"8\",\"annotations\":{\"n\":\"1\"}}}")
                   : object("{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"7\"}}");
}

static void note(struct late_writes *late, const char *key, const char *uid, int64_t row)
{
    struct write_row write = {uid, "7", diff, CLOCK_SECOND, NULL};
    late_note(late, key, WRITE_REPLACE, &write, row);
}

static void one_that_comes_is_told_once(void **state)
{
    (void)state;
    struct late_writes late = {0};
    int64_t row = 0;
    assert_false(late_came(&late, "p\n", "u", job(true), &row));
    note(&late, "p\n", "u", 3);
    assert_false(late_came(&late, "p\n", "u", job(false), &row)); /* it has not come */
    assert_false(late_came(&late, "q\n", "u", job(true), &row));  /* another policy's */
    assert_false(late_came(&late, "p\n", "v", job(true), &row));  /* another job */
    assert_false(late_came(&late, NULL, "u", job(true), &row));
    assert_false(late_came(NULL, "p\n", "u", job(true), &row));
    assert_true(late_came(&late, "p\n", "u", job(true), &row));
    assert_int_equal(row, 3);
    assert_false(late_came(&late, "p\n", "u", job(true), &row));
    late_free(&late);
}

static void the_newest_counts_until_a_change_is_made(void **state)
{
    (void)state;
    struct late_writes late = {0};
    int64_t row = 0;
    note(&late, "p", "u", 3);
    note(&late, "p", "u", 4);
    assert_true(late_came(&late, "p", "u", job(true), &row));
    assert_int_equal(row, 4);
    note(&late, "p", "u", 5);
    late_others(&late); /* it is not made twice, and nobody says who has made it */
    assert_true(late_came(&late, "p", "u", job(true), &row));
    assert_int_equal(row, 0);
    note(&late, "p", "u", 5);
    late_settled(&late, "p", "u");
    assert_false(late_came(&late, "p", "u", job(true), &row));
    note(NULL, "p", "u", 6);
    note(&late, NULL, "u", 6);
    note(&late, "p", "", 6); /* an object whose uid is not known is no job that is found again */
    assert_null(late.by_job);
}

static void the_oldest_go_where_there_are_too_many(void **state)
{
    (void)state;
    struct late_writes late = {0};
    int64_t row = 0;
    char key[24];
    for (int i = 0; i <= LATE_MOST; i++) {
        snprintf(key, sizeof key, "p%d", i);
        note(&late, key, "u", i + 1);
    }
    assert_false(late_came(&late, "p0", "u", job(true), &row));
    assert_true(late_came(&late, "p1", "u", job(true), &row));
    assert_true(late_came(&late, key, "u", job(true), &row));
    assert_int_equal(row, LATE_MOST + 1);
    late_free(&late);
    assert_null(late.by_job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_comes_is_told_once),
        cmocka_unit_test(the_newest_counts_until_a_change_is_made),
        cmocka_unit_test(the_oldest_go_where_there_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
