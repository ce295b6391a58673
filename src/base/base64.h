/* SPDX-License-Identifier: Apache-2.0 */
/* Standard base64 (RFC 4648, with padding), as kubeconfig's *-data members and Secrets carry it. */
#ifndef MPIJOBD_BASE_BASE64_H
#define MPIJOBD_BASE_BASE64_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends what `text` stands for. Line ends between the digits are skipped, as Go's decoder does; anything else that
 * does not belong is refused: a wrong digit, missing padding, bits that are left over. False: not base64, or out failed
 * (out->failed tells). */
bool base64_decode(struct str text, struct buf *out);

/* Appends the encoded bytes. */
void base64_encode(struct str bytes, struct buf *out);

#endif
