/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins that are packed (.tar.gz): unpacked into a folder of their own, so that their specs can be run. */
#ifndef MPIJOBD_CLI_TEST_PACKED_H
#define MPIJOBD_CLI_TEST_PACKED_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct packed {   /* zeros: nothing */
    char *folder; /* under TMPDIR; NULL: none was needed */
    char **paths; /* that were put in place of the archives; NULL: it was none */
    size_t count;
};

/* Puts the folder of each plugin in place of its archive's path among paths, which is NULL-terminated. What is wrong
 * with an archive is ERR_INVALID; ERR_IO, ERR_NOMEM. packed_close comes after an error too. */
int packed_open(struct packed *packed, char **paths, struct error *err);
/* Writes a file into the folder, which is made where it is missing; name may have folders. *path: where it is, the
 * caller's to free. ERR_IO, ERR_LIMIT (the name is too long), ERR_NOMEM. */
int packed_write(struct packed *packed, const char *name, struct str text, char **path, struct error *err);
/* Removes the folder. */
void packed_close(struct packed *packed);

#endif
