/* SPDX-License-Identifier: Apache-2.0 */
/* The few fields of a protobuf body that matter here. */
#include "sim/write/protobuf.h"

#include <stdlib.h>
#include <string.h>

struct bytes {
    const unsigned char *at;
    size_t left;
};

static bool take_varint(struct bytes *b, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; b->left && shift < 64; shift += 7) {
        unsigned char c = *b->at++;
        b->left--;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return true;
    }
    return false;
}

/* Finds the first field with that number that is a text or a message. */
static bool find(struct bytes message, uint64_t number, struct bytes *found)
{
    uint64_t key, n;
    while (message.left && take_varint(&message, &key)) {
        if ((key & 7) == 0) {
            if (!take_varint(&message, &n))
                return false;
            continue;
        }
        n = (key & 7) == 1 ? 8 : 4;
        if ((key & 7) == 2 && !take_varint(&message, &n))
            return false;
        if (n > message.left)
            return false;
        if ((key & 7) == 2 && key >> 3 == number) {
            *found = (struct bytes){message.at, (size_t)n};
            return true;
        }
        message.at += n;
        message.left -= (size_t)n;
    }
    return false;
}

bool protobuf_wanted(const struct exchange *x)
{
    return (x->res->kind == K_NAMESPACE || x->res->kind == K_REVIEW) && x->verb == VERB_CREATE &&
           media_type_is(x->req->content_type, "application/vnd.kubernetes.protobuf");
}

json_object *protobuf_read(const struct exchange *x)
{
    /* "k8s\0", then runtime.Unknown: the object is its field 2; there, metadata is 1, and in that, name is 1 */
    struct bytes whole = {(const unsigned char *)x->req->body, x->req->body_len}, raw, meta, name;
    if (whole.left < 4 || memcmp(whole.at, "k8s", 4) != 0)
        return NULL;
    whole.at += 4;
    whole.left -= 4;
    if (!find(whole, 2, &raw))
        return NULL;
    json_object *doc = json_object_new_object();
    if (x->res->kind == K_NAMESPACE && find(raw, 1, &meta) && find(meta, 1, &name) && name.left < 256) {
        json_object *metadata = json_object_new_object();
        doc_set(metadata, "name", json_object_new_string_len((const char *)name.at, (int)name.left));
        doc_set(doc, "metadata", metadata);
    }
    return doc;
}
