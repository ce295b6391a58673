/* A token that something else rotates in a file, such as the kubelet for a pod's service account. */
#ifndef MPIJOBD_KUBE_AUTH_TOKEN_FILE_H
#define MPIJOBD_KUBE_AUTH_TOKEN_FILE_H

#include "base/buf.h"

/* Reads the file's token (what_it_is: "the token file") into out (secret), without the white space around it.
 * ERR_INVALID: empty, or no token by its look. Blocks. */
int token_file_read(const char *path, const char *what_it_is, struct buf *out, struct error *err);

/* Whether text can stand in a header as a token. what: for the message. */
int token_check(struct str token, const char *what, struct error *err);

#endif
