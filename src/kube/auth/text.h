/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that come from elsewhere, such as what a program or a server has said. Pure. */
#ifndef MPIJOBD_KUBE_AUTH_TEXT_H
#define MPIJOBD_KUBE_AUTH_TEXT_H

#include "base/buf.h"

/* Whether text can stand in a header as a token: 0 or ERR_INVALID. what: for the message. */
int token_check(struct str token, const char *what, struct error *err);

/* Writes asterisks over each place of text where the secret stands. An empty one stands nowhere. */
void auth_hide(struct buf *text, struct str secret);
/* Appends text on one line: ends of lines become " | ", control characters blanks. */
void auth_one_line(struct buf *out, struct str text);

#endif
