/* SPDX-License-Identifier: Apache-2.0 */
/* The handler, which may call only what a signal handler may. */
#include "base/last_word.h"

#include <signal.h>
#include <unistd.h>

static void aborted(int number)
{
    static const char word[] =
        "mpijobd: a library has given up, as libuv does where it gets no memory, no thread or no descriptor: see the "
        "limits of the process (ulimit -v, -u, -n), of the service and of the container\n";
    (void)number;
    if (write(STDERR_FILENO, word, sizeof word - 1) < 0)
        _exit(1);
    _exit(1);
}

void last_word_on_abort(void)
{
    sigaction(SIGABRT, &(struct sigaction){.sa_handler = aborted}, NULL);
}
