/* Keeps a secret out of what somebody else has said. */
#ifndef MPIJOBD_KUBE_AUTH_HIDE_H
#define MPIJOBD_KUBE_AUTH_HIDE_H

#include "base/buf.h"

/* Writes asterisks over each place of text where the secret stands. An empty one stands nowhere. */
void auth_hide(struct buf *text, struct str secret);
/* Appends text on one line: ends of lines become " | ", control characters blanks. */
void auth_one_line(struct buf *out, struct str text);

#endif
