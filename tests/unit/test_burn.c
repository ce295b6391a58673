/* SPDX-License-Identifier: Apache-2.0 */
/* The burn rate: over its window only, and of nothing it is 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "slo/burn.h"

#define MINUTE (60 * CLOCK_SECOND)
#define NOW (1000000 * MINUTE + 30 * CLOCK_SECOND)

static void near(double a, double b)
{
    if (a < b - 1e-9 || a > b + 1e-9)
        fail_msg("%g is not %g", a, b);
}

static void a_rate_is_of_its_window(void **state)
{
    (void)state;
    static struct burn b;
    near(burn_rate(&b, NOW, 5, 99), 0);
    for (int i = 0; i < 9; i++)
        burn_add(&b, NOW, true);
    near(burn_rate(&b, NOW, 5, 99), 0);
    burn_add(&b, NOW, false);
    near(burn_rate(&b, NOW, 5, 99), 10);
    near(burn_rate(&b, NOW, 5, 90), 1);
    burn_add(&b, NOW - 4 * MINUTE, false);
    near(burn_rate(&b, NOW, 5, 90), 10 * 2. / 11);
    burn_add(&b, NOW - 5 * MINUTE, false); /* six minutes, the one that runs too */
    near(burn_rate(&b, NOW, 5, 90), 10 * 2. / 11);
    near(burn_rate(&b, NOW, 60, 90), 10 * 3. / 12);
    near(burn_rate(&b, NOW + 5 * MINUTE, 5, 90), 0);
    near(burn_rate(&b, NOW + 360 * MINUTE, 360, 90), 0);
    near(burn_rate(&b, NOW - MINUTE, 5, 90), 10);
}

static void a_ring_keeps_the_newest(void **state)
{
    (void)state;
    static struct burn b;
    burn_add(&b, NOW, false);
    burn_add(&b, NOW + 361 * MINUTE, true);
    near(burn_rate(&b, NOW + 361 * MINUTE, 360, 99), 0);
    burn_add(&b, NOW, false); /* too old, its place is taken */
    near(burn_rate(&b, NOW + 361 * MINUTE, 360, 99), 0);
    near(burn_rate(&b, NOW, 360, 99), 0);
    burn_add(&b, -1, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_rate_is_of_its_window),
                                       cmocka_unit_test(a_ring_keeps_the_newest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
