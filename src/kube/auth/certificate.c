/* A client certificate that a program has given. One in files is the http floor's:
 * it looks whether they have changed. */
#include <stdlib.h>

#include "kube/auth/parts.h"

int auth_take_certificate(struct kube_auth *a, const struct credential *c, struct error *err)
{
    if (!c->certificate.len || (a->certificate && str_is(buf_str(&c->certificate), a->certificate)))
        return 0;
    char *copy = str_dup(buf_str(&c->certificate));
    if (!copy)
        return error_nomem(err);
    int rc = a->options.identify(a->options.data, buf_str(&c->certificate), buf_str(&c->key), err);
    if (rc) {
        free(copy);
        return rc;
    }
    free(a->certificate);
    a->certificate = copy;
    a->generation++;
    return 0;
}
