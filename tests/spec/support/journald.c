/* SPDX-License-Identifier: Apache-2.0 */
/* Another socket in the place of journald's, for the program that this is loaded into (LD_PRELOAD): what connects to
 * /run/systemd/journal/socket comes to the one that JOURNALD names. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    int (*real)(int, const struct sockaddr *, socklen_t) =
        (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    const struct sockaddr_un *at = (const struct sockaddr_un *)to;
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    const char *path = getenv("JOURNALD");
    if (!path || to->sa_family != AF_UNIX || strcmp(at->sun_path, "/run/systemd/journal/socket") != 0)
        return real(fd, to, len);
    snprintf(other.sun_path, sizeof other.sun_path, "%s", path);
    return real(fd, (const struct sockaddr *)&other, sizeof other);
}
