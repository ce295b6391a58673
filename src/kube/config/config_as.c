/* Acting as somebody else, by the command line. */
#include <stdlib.h>

#include "kube/config/config_parts.h"

static bool set(char **out, const char *text)
{
    free(*out);
    *out = text ? str_dup(str_of(text)) : NULL;
    return *out || !text;
}

/* --as alone forgets the kubeconfig's groups and uid, which belong to another user. */
int kube_config_as(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    size_t count = 0;
    while (source->as_groups && source->as_groups[count])
        count++;
    if (!source->as_user && !source->as_uid && !count)
        return 0;
    if (!source->as_user)
        return error_set(err, ERR_INVALID, "--as-uid and --as-group want --as, the user to act as");
    for (size_t i = 0; config->as_groups && config->as_groups[i]; i++)
        free(config->as_groups[i]);
    free(config->as_groups);
    config->as_groups = count ? calloc(count + 1, sizeof *config->as_groups) : NULL;
    bool ok =
        set(&config->as_user, source->as_user) && set(&config->as_uid, source->as_uid) && (config->as_groups || !count);
    for (size_t i = 0; ok && i < count; i++)
        ok = set(&config->as_groups[i], source->as_groups[i]);
    return ok ? 0 : error_nomem(err);
}
