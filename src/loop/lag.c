/* SPDX-License-Identifier: Apache-2.0 */
/* The time between the loop's waking and its next wait, by a handle that libuv calls before and one after its wait. */
#include "loop/lag.h"

static void before_waiting(uv_prepare_t *handle)
{
    struct lag *lag = handle->data;
    uint64_t busy = lag->woke ? uv_hrtime() - lag->woke : 0;
    if (busy > lag->worst)
        lag->worst = busy;
}

static void after_waiting(uv_check_t *handle)
{
    struct lag *lag = handle->data;
    lag->woke = uv_hrtime();
}

void lag_init(uv_loop_t *loop, struct lag *lag)
{
    *lag = (struct lag){0};
    uv_prepare_init(loop, &lag->prepare);
    uv_check_init(loop, &lag->check);
    lag->prepare.data = lag->check.data = lag;
    uv_prepare_start(&lag->prepare, before_waiting);
    uv_check_start(&lag->check, after_waiting);
    uv_unref((uv_handle_t *)&lag->prepare);
    uv_unref((uv_handle_t *)&lag->check);
}

double lag_take(struct lag *lag)
{
    double seconds = (double)lag->worst / 1e9;
    lag->worst = 0;
    return seconds;
}

void lag_close(struct lag *lag)
{
    uv_close((uv_handle_t *)&lag->prepare, NULL);
    uv_close((uv_handle_t *)&lag->check, NULL);
}
