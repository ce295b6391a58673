/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a plan: as it is, and with a sum that fits behind it. What is read can be written, and read again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(struct plan *plan)
{
    struct plan other = {0};
    struct buf text = BUF_INIT;
    struct error err;
    assert(plan_write(plan, &text, &err) == 0);
    assert(plan_read(&other, buf_str(&text), "the plan", &err) == 0);
    assert(other.change_count == plan->change_count && other.left_count == plan->left_count);
    plan_free(&other);
    buf_free(&text);
}

static void one(struct str text)
{
    struct plan plan;
    struct error err;
    struct plan_counts n;
    char words[96];
    if (plan_read(&plan, text, "the plan", &err)) {
        assert(*err.message && !plan.changes);
        return;
    }
    n = plan_count(&plan);
    assert(*plan_counts_text(&n, words) && n.changes == plan.change_count);
    again(&plan);
    plan_sort(&plan);
    plan_free(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = BUF_INIT;
    char sum[PLAN_SUM];
    buf_add(&text, data, size);
    one(buf_str(&text));
    assert(plan_sum(buf_str(&text), sum, NULL) == 0);
    buf_printf(&text, ",\"sum\":\"sha256:%s\"}", sum);
    one(buf_str(&text));
    buf_free(&text);
    return 0;
}
