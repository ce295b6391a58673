/* SPDX-License-Identifier: Apache-2.0 */
/* A disk on which each write takes long, for the program that this is loaded into (LD_PRELOAD): where the file that
 * SLOW_DISK names is there, each fsync and fdatasync takes as many milliseconds more as are written in it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_for_disk(void)
{
    const char *path = getenv("SLOW_DISK");
    FILE *file = path ? fopen(path, "re") : NULL;
    char text[32] = "";
    if (!file)
        return;
    long ms = fgets(text, sizeof text, file) ? strtol(text, NULL, 10) : 0;
    (void)fclose(file);
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int then(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    wait_for_disk();
    return real(fd);
}

int fsync(int fd)
{
    return then("fsync", fd);
}

int fdatasync(int fd)
{
    return then("fdatasync", fd);
}
