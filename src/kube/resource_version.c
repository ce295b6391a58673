/* SPDX-License-Identifier: Apache-2.0 */
/* Which of two versions of an object is the older one. */
#include "kube/resource_version.h"

uint64_t kube_version(struct str text)
{
    uint64_t n = 0, hash = UINT64_C(14695981039346656037); /* FNV-1a */
    bool number = text.len > 0 && text.len < 19;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        number = number && c >= '0' && c <= '9';
        n = n * 10 + c - '0';
        hash = (hash ^ c) * UINT64_C(1099511628211);
    }
    return number ? n : hash | KUBE_VERSION_HASH;
}

bool kube_version_is_older(uint64_t version, uint64_t than)
{
    return !((version | than) & KUBE_VERSION_HASH) && version < than;
}

bool kube_version_is_news(uint64_t version, uint64_t known)
{
    return version != known && !kube_version_is_older(version, known);
}
