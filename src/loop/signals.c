/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM, SIGINT and SIGHUP by one libuv handle each. */
#include "loop/signals.h"

#include <string.h>

static const int numbers[SIGNALS_COUNT] = {SIGTERM, SIGINT, SIGHUP};

static void on_signal(uv_signal_t *handle, int signum)
{
    struct signals *signals = handle->data;
    if (signum == SIGHUP)
        signals->reload(signals->data);
    else
        signals->stop(signals->data, signum);
}

int signals_open(uv_loop_t *loop, struct signals *signals, void (*stop)(void *data, int signum),
                 void (*reload)(void *data), void *data, struct error *err)
{
    *signals = (struct signals){.stop = stop, .reload = reload, .data = data};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &signals->sigpipe);
    for (int i = 0; i < SIGNALS_COUNT; i++) {
        uv_signal_t *handle = &signals->handles[i];
        int rc = uv_signal_init(loop, handle);
        if (rc == 0) {
            handle->data = signals;
            signals->open++;
            if (numbers[i] == SIGHUP ? reload != NULL : stop != NULL)
                rc = uv_signal_start(handle, on_signal, numbers[i]);
            uv_unref((uv_handle_t *)handle);
        }
        if (rc) {
            signals_close(signals, NULL);
            return error_set(err, ERR_IO, "cannot watch for signal %d: %s", numbers[i], uv_strerror(rc));
        }
    }
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct signals *signals = handle->data;
    if (--signals->open == 0 && signals->closed)
        signals->closed(signals->data);
}

void signals_close(struct signals *signals, void (*closed)(void *data))
{
    signals->closed = closed;
    sigaction(SIGPIPE, &signals->sigpipe, NULL);
    for (size_t i = 0, n = signals->open; i < n; i++)
        uv_close((uv_handle_t *)&signals->handles[i], on_closed);
}
