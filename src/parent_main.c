/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd-parent: what a running daemon has above it. mpijobd starts it, and it starts mpijobd; not for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard/parent.h"

static struct guard_shared *shared_page(const char *fd)
{
    struct guard_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, (int)strtol(fd, NULL, 10), 0);
    return shared == MAP_FAILED ? NULL : shared;
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *given = getenv(PARENT_VARIABLE), *path = given ? strchr(given, ' ') : NULL;
    struct guard_shared *shared = path ? shared_page(given) : NULL;
    if (!shared) {
        fputs("mpijobd-parent: it is started by mpijobd run\n", stderr);
        return 2;
    }
    if (!parent_watch(shared)) {
        fputs("mpijobd run: the system has no process for the daemon: raise the limit on processes, or use "
              "--no-supervisor\n",
              stderr);
        return 1;
    }
    execv(path + 1, argv);
    fprintf(stderr, "mpijobd run: %s cannot be started\n", path + 1);
    _exit(1);
}
