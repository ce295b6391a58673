/* SPDX-License-Identifier: Apache-2.0 */
/* Work on a worker thread, by uv_queue_work. */
#include "loop/work.h"

static void on_thread(uv_work_t *request)
{
    struct work *work = request->data;
    work->run(work);
}

static void on_loop(uv_work_t *request, int status)
{
    (void)status; /* only uv_cancel makes it anything but 0, and nothing calls that */
    struct work *work = request->data;
    work->done(work);
}

void work_start(uv_loop_t *loop, struct work *work, void (*run)(struct work *), void (*done)(struct work *))
{
    work->run = run;
    work->done = done;
    work->request.data = work;
    uv_queue_work(loop, &work->request, on_thread, on_loop); /* fails only without a callback */
}
