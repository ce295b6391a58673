/* SPDX-License-Identifier: Apache-2.0 */
/* The sum of a text. */
#include <openssl/evp.h>
#include <stdio.h>

#include "plan/plan.h"

int plan_sum(struct str text, char out[PLAN_SUM], struct error *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(text.len ? text.ptr : "", text.len, bytes, &n, EVP_sha256(), NULL) || 2 * n >= PLAN_SUM)
        return error_nomem(err);
    for (unsigned i = 0; i < n; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", bytes[i]);
    return 0;
}
