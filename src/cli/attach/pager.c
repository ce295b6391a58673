/* SPDX-License-Identifier: Apache-2.0 */
/* The user's own pager, as git and systemctl start it. */
#include "cli/attach/pager.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_long(struct str text)
{
    struct winsize size;
    size_t lines = 2; /* what was typed, and the next prompt */
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
        return false;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines > size.ws_row;
}

/* False: there is no pager. */
static bool page(struct str text)
{
    const char *pager = getenv("PAGER");
    struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe_before;
    if (pager && !*pager)
        return false;
    setenv("LESS", "FRX", 0);
    fflush(stdout);
    sigaction(SIGPIPE, &ignore, &pipe_before);     /* who has seen enough */
    FILE *to = popen(pager ? pager : "less", "w"); // NOLINT(cert-env33-c): the user's own, from the user's environment
    int status = -1;
    if (to) {
        fwrite(text.ptr, 1, text.len, to);
        fputc('\n', to);
        status = pclose(to);
    }
    sigaction(SIGPIPE, &pipe_before, NULL);
    return status != -1 && !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

void pager_show(struct str text)
{
    if (is_long(text) && page(text))
        return;
    fwrite(text.ptr, 1, text.len, stdout);
    putchar('\n');
}
