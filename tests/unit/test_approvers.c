/* SPDX-License-Identifier: Apache-2.0 */
/* Who may approve what, without a daemon: numbers for names, so that the test needs no users of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "approval/approvers.h"

static char one[] = "12001", root[] = "root", group[] = "12050";
static char *const users[] = {one, root, NULL};
static char *const groups[] = {group, NULL};
static const struct log quiet = {.level = LOG_ERROR + 1};

static struct approvers *open_two(bool not_the_trigger)
{
    struct approvers *a = NULL;
    struct error err;
    const struct approvers_named named = {users, groups, 2, not_the_trigger};
    assert_int_equal(approvers_open(&named, &quiet, &a, &err), 0);
    assert_non_null(a);
    return a;
}

static struct approver person(const struct approvers *a, int64_t uid, gid_t in)
{
    struct approver p = {.known = APPROVER_BY_PEER, .uid = uid};
    p.listed = approvers_list(a, APPROVER_BY_PEER, (uid_t)uid, &in, in ? 1 : 0);
    snprintf(p.name, sizeof p.name, "u%ld", (long)uid);
    return p;
}

static void lists_by_user_and_group(void **state)
{
    struct approvers *a = open_two(false);
    (void)state;
    assert_true(person(a, 12001, 0).listed);
    assert_true(person(a, 0, 0).listed);
    assert_false(person(a, 12002, 0).listed);
    assert_true(person(a, 12002, 12050).listed);
    assert_false(person(a, 12002, 12001).listed); /* a group is no user of that number */
    assert_false(person(a, 65534, 12050).listed); /* anybody whom the kernel has no number for */
    assert_false(person(NULL, 0, 0).listed);
    approvers_close(a);
}

static void asks_for_the_greater_quorum(void **state)
{
    struct approvers *a = open_two(false);
    (void)state;
    assert_int_equal(approvers_quorum(a, 0), 2);
    assert_int_equal(approvers_quorum(a, 1), 2);
    assert_int_equal(approvers_quorum(a, 3), 3);
    assert_int_equal(approvers_quorum(NULL, 0), 1);
    assert_int_equal(approvers_quorum(NULL, 2), 2);
    approvers_close(a);
}

static void checks_one(const struct approvers *a, const struct approver *who, const struct approvers_case *of,
                       const char *wrong)
{
    struct error err;
    int rc = approvers_check(a, who, of, &err);
    assert_int_equal(rc, wrong ? ERR_REFUSED : 0);
    if (wrong)
        assert_string_equal(err.message, wrong);
}

static void tells_who_may_and_what_is_missing(void **state)
{
    struct approvers *four = open_two(true), *any = open_two(false);
    const struct approver_given given[] = {{"u12001", 12001, 1}};
    struct approvers_case of = {.run = 7, .asked_uid = 12002, .given = given, .given_count = 1, .quorum = 2};
    struct approver first = person(four, 12001, 0), two = person(four, 12002, 12050), three = person(four, 12003, 0);
    (void)state;
    checks_one(
        four, &three, &of,
        "u12003 may not approve; the configuration's approvers are 12001, root, the group 12050 (run 7 has 1 of 2 "
        "approvals)");
    checks_one(four, &two, &of,
               "1 of 2 approvals; u12002 may not approve what u12002 triggered, and the approvers are 12001, root, the "
               "group 12050");
    checks_one(any, &two, &of, NULL);
    checks_one(
        four, &first, &of,
        "1 of 2 approvals; u12001 has approved run 7 already, and another is needed: 12001, root, the group 12050");
    of.asked_uid = -1;
    checks_one(four, &two, &of, NULL);
    checks_one(NULL, &three, &of, NULL);
    checks_one(NULL, &first, &of,
               "1 of 2 approvals; u12001 has approved run 7 already, and another is needed: the daemon's own user and "
               "root may");
    approvers_close(four);
    approvers_close(any);
}

static void opens_without_names_or_memory(void **state)
{
    struct approvers *a = (struct approvers *)&a;
    struct error err;
    const struct approvers_named nobody = {.quorum = 2}, named = {users, groups, 1, false};
    (void)state;
    assert_int_equal(approvers_open(&nobody, &quiet, &a, &err), 0);
    assert_null(a);
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int rc = approvers_open(&named, &quiet, &a, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        if (!failed)
            break;
        assert_null(a);
    }
    approvers_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_by_user_and_group),
        cmocka_unit_test(asks_for_the_greater_quorum),
        cmocka_unit_test(tells_who_may_and_what_is_missing),
        cmocka_unit_test(opens_without_names_or_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
