/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read whole: configuration, policies, credentials, certificates, zones. Everything that mpijobd reads
 * from a path goes through here, so that none of these can be a pipe that nobody writes to, a terminal or a device.
 * Regular files are read, /dev/null as an empty one, and what the shell has opened for us (/dev/stdin, the /dev/fd/N of
 * "<(...)"), which has to end within a time. A disk can still be slow: at start-up and on worker threads only. */
#ifndef MPIJOBD_BASE_FILE_H
#define MPIJOBD_BASE_FILE_H

#include <stdbool.h>

#include "base/buf.h"

#define FILE_PIPE_MS 30000 /* for all that a pipe of the shell's has to say */

/* buf_read_file (base/buf.h) appends a whole file. */

/* As buf_read_file, of what a command is given by hand: "-" is standard input, and a pipe may take its time. */
int file_read_input(struct buf *out, const char *path, size_t max, struct error *err);
/* Has it another text? False, too, where it is no regular file or cannot be read. Blocks. */
bool file_differs(const char *path, struct str text);
/* Could it be read? 0, or an error as of buf_read_file. */
int file_readable(const char *path, struct error *err);

#endif
