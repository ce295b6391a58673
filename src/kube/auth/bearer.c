/* A bearer token that stands in the kubeconfig. */
#include "kube/auth/parts.h"
#include "kube/auth/token_file.h"

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
