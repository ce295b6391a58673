/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs now: what the watchdog and the signal handlers blame. It is the one thing that a handler can reach, and so
 * the one global variable of the daemon. The loop's thread alone changes it. */
#ifndef MPIJOBD_GUARD_WHO_H
#define MPIJOBD_GUARD_WHO_H

#include "base/str.h"

#define GUARD_HASH_SIZE 17 /* 16 hexadecimal digits and a zero */

struct guard_who {
    const char *policy; /* NULL: the file's own code, while it is loaded */
    const char *file;   /* its path */
    const char *hash;   /* of its text, by guard_hash */
    /* The line that runs; 0: unknown. Called in a signal handler, at any point, and may crash there. NULL: unknown. */
    int (*line)(const void *data);
    const void *data;
};

/* Until the next call `who` is to blame, and stays valid until then; NULL: nobody. Returns who was before, to be given
 * back afterwards. */
const struct guard_who *guard_enter(const struct guard_who *who);
const struct guard_who *guard_now(void);

/* Tells one text of a policy file from another. Not made against people who search for two texts of one hash. */
void guard_hash(struct str text, char out[GUARD_HASH_SIZE]);

#endif
