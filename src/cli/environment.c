/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's configuration, and libcurl's list of session keys. */
#include "cli/environment.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int environment_check(struct error *err)
{
    static const char *const names[] = {"OPENSSL_CONF", "SSLKEYLOGFILE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = getenv(names[i]);
        struct stat st;
        if (!path || !*path || stat(path, &st) != 0 || S_ISREG(st.st_mode))
            continue;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) /* /dev/null */
            return error_set(err, ERR_INVALID, "%s names %s, which is no regular file; name one, or unset %s", names[i],
                             path, names[i]);
    }
    return 0;
}
