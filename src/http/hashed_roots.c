/* SPDX-License-Identifier: Apache-2.0 */
/* A way of looking up (X509_LOOKUP) of our own, as OpenSSL has one for folders. */
#include "http/hashed_roots.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "base/grown.h"

struct hashed {
    unsigned long hash;
    char *text; /* NULL: it is in the store */
    size_t len;
};

struct hashed_roots {
    X509_LOOKUP_METHOD *method;
    struct hashed *list;
    size_t count, room;
};

int roots_add(X509_STORE *store, struct str text)
{
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    int found = bio ? 0 : ERR_NOMEM;
    for (size_t left = text.len; found >= 0 && left; left--) { /* each takes a byte at the least */
        X509 *ca = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
        if (!ca && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
            break;
        if (ca)
            found = X509_STORE_add_cert(store, ca) ? found + 1 : ERR_NOMEM;
        X509_free(ca);
        ERR_clear_error();
    }
    ERR_clear_error();
    BIO_free(bio);
    return found;
}

/* In a handshake. Without memory a certificate is not found, and the handshake fails. */
static int find(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name, X509_OBJECT *out)
{
    struct hashed_roots *roots = X509_LOOKUP_get_method_data(lookup);
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    unsigned long hash = X509_NAME_hash((X509_NAME *)name);
    if (type != X509_LU_X509)
        return 0;
    for (size_t i = 0; i < roots->count; i++) {
        struct hashed *h = &roots->list[i];
        if (h->hash != hash || !h->text)
            continue;
        roots_add(store, str_n(h->text, h->len));
        free(h->text);
        h->text = NULL;
    }
    X509_STORE_lock(store);
    X509_OBJECT *found = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
    X509 *ca = found ? X509_OBJECT_get0_X509(found) : NULL;
    X509_STORE_unlock(store);
    if (!ca || !X509_OBJECT_set1_X509(out, ca))
        return 0;
    X509_free(ca); /* `out` is not an owner, as with OpenSSL's own ways: the store is */
    return 1;
}

static void free_all(X509_LOOKUP *lookup)
{
    struct hashed_roots *roots = X509_LOOKUP_get_method_data(lookup);
    for (size_t i = 0; roots && i < roots->count; i++)
        free(roots->list[i].text);
    if (roots) {
        free(roots->list);
        X509_LOOKUP_meth_free(roots->method);
    }
    free(roots);
}

struct hashed_roots *hashed_roots_new(X509_STORE *store)
{
    struct hashed_roots *roots = calloc(1, sizeof *roots);
    X509_LOOKUP_METHOD *method = X509_LOOKUP_meth_new("certificates by their hashes");
    X509_LOOKUP *lookup = NULL;
    if (roots && method && X509_LOOKUP_meth_set_get_by_subject(method, find) &&
        X509_LOOKUP_meth_set_free(method, free_all))
        lookup = X509_STORE_add_lookup(store, method);
    if (!lookup) {
        X509_LOOKUP_meth_free(method);
        free(roots);
        return NULL;
    }
    roots->method = method;
    X509_LOOKUP_set_method_data(lookup, roots);
    return roots;
}

int hashed_roots_add(struct hashed_roots *roots, unsigned long hash, struct str text)
{
    struct hashed *list = grown(roots->list, roots->count, &roots->room, sizeof *list, 64);
    if (!list)
        return ERR_NOMEM;
    roots->list = list;
    struct hashed h = {.hash = hash, .text = str_dup(text), .len = text.len};
    if (!h.text)
        return ERR_NOMEM;
    roots->list[roots->count++] = h;
    return 0;
}
