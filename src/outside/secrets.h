/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets by name, and texts in which they stand.
 *
 * A veiled text is bytes in which "\0NAME\0" stands for a secret's value; other NULs are not allowed in it. Scripts,
 * errors and logs only ever see it so. The value is read when the text is sent: a file that was rotated is followed. */
#ifndef MPIJOBD_OUTSIDE_SECRETS_H
#define MPIJOBD_OUTSIDE_SECRETS_H

#include "base/buf.h"

#define SECRET_NAME_MAX 128    /* bytes of a name */
#define SECRET_VALUE_MAX 65536 /* bytes of a value */

/* Where they are looked for: the one and then the other. Not owned. NULL: not there. */
struct secrets {
    const char *folder;      /* of the configuration */
    const char *credentials; /* systemd's $CREDENTIALS_DIRECTORY */
};

/* Letters, digits, ".", "_" and "-", and no "." in front. */
bool secret_name_good(struct str name);
/* Appends the mark that stands for it. */
void secret_veil(struct buf *out, struct str name);
/* Appends the text with marks in the place of ${name}. False: between ${ and } is no name of a secret, or the text
 * holds a NUL byte. */
bool secret_template(struct str text, struct buf *out);
bool secret_veiled(struct str text); /* does it hold any? */
/* For people: `Bearer secret("token")`. */
void secret_show(struct buf *out, struct str veiled);

/* Appends the text with the values in it; out->secret has to be set. Blocks. A value is a file's content without the
 * line's end after it. ERR_NOT_FOUND, ERR_INVALID, ERR_IO, ERR_LIMIT: names the secret and the cure; ERR_NOMEM. */
int secrets_fill(const struct secrets *secrets, struct str veiled, struct buf *out, struct error *err);

#endif
