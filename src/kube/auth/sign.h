/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei Cloud's signature of a request with an access key (SDK-HMAC-SHA256). Pure. */
#ifndef MPIJOBD_KUBE_AUTH_SIGN_H
#define MPIJOBD_KUBE_AUTH_SIGN_H

#include "base/buf.h"

/* A header that is signed: its name in lower case; in the order of their names. */
struct sign_header {
    const char *name;
    struct str value;
};

struct sign_request {
    const char *method, *url; /* as it is sent */
    struct str body;
    const struct sign_header *headers; /* ends at a NULL name; one is x-sdk-date */
    const char *date;                  /* 20060102T150405Z */
    /* Huawei's Go signer makes query names lower-case before it sorts them, the Python one takes them as they are. They
     * differ for labelSelector; we follow Python. */
    bool lower_case_query;
};

#define SIGN_DATE_SIZE 17 /* "20060102T150405Z" and its end */
void sign_date(int64_t us, char out[SIGN_DATE_SIZE]);

/* Appends "SDK-HMAC-SHA256 Access=..., SignedHeaders=..., Signature=...". 0 or ERR_NOMEM. */
int sign_request(const struct sign_request *request, struct str access_key, struct str secret_key, struct buf *out,
                 struct error *err);

/* The url's host as the Host header has it: without the scheme's own port. */
struct str sign_host(const char *url);

#endif
