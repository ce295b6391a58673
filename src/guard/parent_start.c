/* SPDX-License-Identifier: Apache-2.0 */
/* From mpijobd to its parent, and from there to the daemon: who is who. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/parent.h"

static struct guard_shared *map(int fd, int flags)
{
    struct guard_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);
    return shared == MAP_FAILED ? NULL : shared;
}

struct guard_shared *parent_none(void)
{
    struct guard_shared *shared = map(-1, MAP_ANONYMOUS);
    if (shared)
        atomic_store(&shared->grace_ms, -1);
    return shared;
}

/* What the parent has left in the environment. It is not for the programs that the daemon starts. */
static struct guard_shared *adopted(void)
{
    const char *given = getenv(PARENT_VARIABLE);
    struct stat st;
    if (!given)
        return NULL;
    int fd = (int)strtol(given, NULL, 10);
    unsetenv(PARENT_VARIABLE);
    if (fd <= STDERR_FILENO || fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof(struct guard_shared))
        return NULL;
    struct guard_shared *shared = map(fd, 0);
    close(fd);
    return shared;
}

/* Beside the program, as it is built, or where it is installed. False: it is in neither place. */
static bool find_program(const char *self, char out[PATH_MAX])
{
    static const char *const places[] = {"mpijobd-parent", "../libexec/mpijobd/mpijobd-parent"};
    int folder = (int)(strrchr(self, '/') - self) + 1;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int n = snprintf(out, PATH_MAX, "%.*s%s", folder, self, places[i]);
        if (n < PATH_MAX && access(out, X_OK) == 0)
            return true;
    }
    return false;
}

static bool find_self(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n <= 0 || n >= PATH_MAX - 1 || out[0] != '/')
        return false;
    out[n] = '\0';
    return access(out, X_OK) == 0;
}

/* Returns where that is not possible. */
static void become_program(int argc, char **command)
{
    char self[PATH_MAX], program[PATH_MAX], variable[PATH_MAX + 32];
    if (!find_self(self) || !find_program(self, program))
        return;
    char **argv = calloc((size_t)argc + 2, sizeof *argv);
    int made = memfd_create("mpijobd", MFD_CLOEXEC), fd = -1;
    if (argv && made >= 0 && ftruncate(made, sizeof(struct guard_shared)) == 0)
        fd = fcntl(made, F_DUPFD, STDERR_FILENO + 1); /* kept in the next programs */
    if (made >= 0)
        close(made);
    if (fd >= 0) {
        argv[0] = program_invocation_name;
        memcpy(argv + 1, command, (size_t)argc * sizeof *argv);
        snprintf(variable, sizeof variable, "%d %s", fd, self);
        setenv(PARENT_VARIABLE, variable, 1);
        execv(program, argv);
        unsetenv(PARENT_VARIABLE);
        close(fd);
    }
    free(argv);
}

struct guard_shared *parent_start(int argc, char **command)
{
    struct guard_shared *shared = adopted();
    if (shared)
        return shared;
    become_program(argc, command);
    shared = parent_none();
    if (shared)
        parent_watch(shared);
    return shared;
}
