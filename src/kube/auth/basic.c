/* A user name and a password. */
#include "base/base64.h"
#include "kube/auth/parts.h"

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
