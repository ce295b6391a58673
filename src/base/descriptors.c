/* SPDX-License-Identifier: Apache-2.0 */
/* What a process was given is looked at, and made whole. */
#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

bool descriptors_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* The lowest that is free is taken, and those below are not. */
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", O_RDWR) < 0) /* NOLINT(android-cloexec-open) */
            return false;
    }
    return true;
}

size_t descriptors_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)limit.rlim_cur : DESCRIPTORS_MOST;
}

int descriptors_raise(size_t needed, struct error *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max && limit.rlim_cur < DESCRIPTORS_MOST) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MOST ? limit.rlim_max : DESCRIPTORS_MOST;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (descriptors_limit() >= needed)
        return 0;
    return error_set(err, ERR_LIMIT,
                     "only %zu descriptors may be open, and %zu may be needed: raise the limit (ulimit -Hn, or "
                     "LimitNOFILE= of the service)",
                     descriptors_limit(), needed);
}
