/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a mail, as people write them: `ops@example.com, "Doe, Jane" <jane@example.com>`. */
#ifndef MPIJOBD_OUTSIDE_MAIL_ADDRESS_H
#define MPIJOBD_OUTSIDE_MAIL_ADDRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/* The next one of a list with commas, which count between quotes as any letter does. *name: what stands before
 * "<ADDRESS>", with its quotes, or nothing. False: there is no further one. */
bool mail_address_next(const char **list, struct str *name, struct str *address);
/* Appends the name for people: without the quotes around it, and without what they need within. */
void mail_name_bare(struct str name, struct buf *out);
/* Is each an address, and is there one at least (single: and no more)? part: "to", of which the message tells.
 * ERR_INVALID. */
int mail_addresses_check(const char *list, bool single, const char *part, struct error *err);

#endif
