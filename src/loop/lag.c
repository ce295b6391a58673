/* SPDX-License-Identifier: Apache-2.0 */
/* A handle that libuv calls before each wait. What libuv has waited it counts itself, so that what is done for events
 * within its wait is a part of the turn. */
#include "loop/lag.h"

#include <time.h>

static uint64_t cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void before_waiting(uv_prepare_t *handle)
{
    struct lag *lag = handle->data;
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(handle->loop), cpu = cpu_now();
    if (lag->began) {
        uint64_t passed = now - lag->began, waited = idle - lag->idle;
        uint64_t busy = passed > waited ? passed - waited : 0;
        lag->worst = busy > lag->worst ? busy : lag->worst;
        lag->worst_cpu = cpu - lag->cpu > lag->worst_cpu ? cpu - lag->cpu : lag->worst_cpu;
    }
    lag->began = now;
    lag->idle = idle;
    lag->cpu = cpu;
}

void lag_init(uv_loop_t *loop, struct lag *lag)
{
    *lag = (struct lag){0};
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    uv_prepare_init(loop, &lag->prepare);
    lag->prepare.data = lag;
    uv_prepare_start(&lag->prepare, before_waiting);
    uv_unref((uv_handle_t *)&lag->prepare);
}

struct lag_times lag_take(struct lag *lag)
{
    struct lag_times times = {(double)lag->worst / 1e9, (double)lag->worst_cpu / 1e9};
    lag->worst = lag->worst_cpu = 0;
    return times;
}

void lag_close(struct lag *lag)
{
    uv_close((uv_handle_t *)&lag->prepare, NULL);
}
