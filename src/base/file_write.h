/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are written whole: settings, annotations, locks, templates, plans. All of these block. */
#ifndef MPIJOBD_BASE_FILE_WRITE_H
#define MPIJOBD_BASE_FILE_WRITE_H

#include "base/error.h"
#include "base/str.h"

/* Puts the text in the file's place, or leaves what is there: it is written to PATH.new first. 0; ERR_IO; ERR_NOMEM. */
int file_put(const char *path, struct str text, struct error *err);
/* As file_put, with its errors, for the owner of the file alone (mode 0600). */
int file_put_own(const char *path, struct str text, struct error *err);
/* Makes the file. 0; ERR_IO, also where something is there already, which stays; what could not be written whole is
 * removed. */
int file_make(const char *path, struct str text, struct error *err);

#endif
