/* SPDX-License-Identifier: Apache-2.0 */
/* Waits until a file changes in the folders of some files. */
#ifndef MPIJOBD_CLI_SESSION_FOLDER_WATCH_H
#define MPIJOBD_CLI_SESSION_FOLDER_WATCH_H

#include <uv.h>

#include "base/error.h"

struct folder_watch;

/* Watches the folders of the files from now on. files: NULL-terminated. 0; ERR_IO (a folder cannot be watched),
 * ERR_NOMEM. */
int folder_watch_begin(uv_loop_t *loop, char *const *files, struct folder_watch **changes, struct error *err);
/* Runs the loop until a file in one of them has changed since the beginning, and nothing has for a moment: an editor
 * writes, renames and removes several. */
void folder_watch_wait(struct folder_watch *changes);
void folder_watch_end(struct folder_watch *changes); /* runs the loop until all of it is closed */

#endif
