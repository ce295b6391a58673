/* SPDX-License-Identifier: Apache-2.0 */
/* The trial: as many threads as will be there at once, each of which waits for the others. */
#include "loop/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define WORKERS 4         /* of libuv, unless UV_THREADPOOL_SIZE says something else */
#define WORKERS_MOST 1024 /* as libuv has it */

static unsigned workers(void)
{
    const char *given = getenv("UV_THREADPOOL_SIZE");
    long n = given ? strtol(given, NULL, 10) : WORKERS;
    return n < 1 ? 1 : n > WORKERS_MOST ? WORKERS_MOST : (unsigned)n;
}

static void wait_for_the_end(void *data)
{
    uv_mutex_t *held = data;
    uv_mutex_lock(held);
    uv_mutex_unlock(held);
}

static void nothing(uv_work_t *work)
{
    (void)work;
}

static void free_work(uv_work_t *work, int status)
{
    (void)status;
    free(work);
}

/* By uv_thread_create, because it has the stack that the workers get. */
static int try(unsigned count, struct error *err)
{
    uv_thread_t *threads = calloc(count, sizeof *threads);
    uv_mutex_t held;
    unsigned n = 0;
    int rc = 0;
    if (!threads)
        return error_nomem(err);
    uv_mutex_init(&held);
    uv_mutex_lock(&held);
    while (n < count && !(rc = uv_thread_create(&threads[n], wait_for_the_end, &held)))
        n++;
    uv_mutex_unlock(&held);
    for (unsigned i = 0; i < n; i++)
        uv_thread_join(&threads[i]);
    uv_mutex_destroy(&held);
    free(threads);
    if (!rc)
        return 0;
    return error_set(err, ERR_LIMIT,
                     "only %u of %u threads can be started: %s; raise the limit of processes and threads (ulimit -u, "
                     "TasksMax= of the service, pids.max of the container), or that of memory (ulimit -v)",
                     n, count, uv_strerror(rc));
}

int threads_start(uv_loop_t *loop, unsigned others, struct error *err)
{
    sigset_t all, before;
    uv_work_t *work = malloc(sizeof *work);
    if (!work)
        return error_nomem(err);
    sigfillset(&all); /* signals are the loop's: its workers take none */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = try(workers() + others, err);
    if (rc)
        free(work);
    else
        uv_queue_work(loop, work, nothing, free_work); /* starts them all */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}
