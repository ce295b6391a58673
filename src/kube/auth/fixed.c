/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that stand in the configuration: a bearer token, or a user name and a password. */
#include "base/base64.h"
#include "kube/auth/parts.h"
#include "kube/auth/text.h"

int auth_set_token(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct str fixed = str_trim(buf_str(&config->token));
    if (!fixed.len)
        return 0;
    int rc = token_check(fixed, config->origin, err);
    if (rc)
        return rc;
    return auth_set_value(a, "Bearer ", fixed) ? 0 : error_nomem(err);
}

int auth_set_basic(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct buf plain = {.secret = true}, encoded = {.secret = true};
    buf_printf(&plain, "%s:", config->username ? config->username : "");
    buf_add_str(&plain, buf_str(&config->password));
    base64_encode(buf_str(&plain), &encoded);
    bool ok = !plain.failed && !encoded.failed && auth_set_value(a, "Basic ", buf_str(&encoded));
    buf_free(&plain);
    buf_free(&encoded);
    return ok ? 0 : error_nomem(err);
}
