/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei Cloud's two ways of proving who one is, as mpijobd.yaml has them. */
#include <stdlib.h>
#include <string.h>

#include "kube/config/kube_config_parts.h"

int kube_config_access_key(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    const struct {
        const char *path, *what;
        char **out;
    } files[] = {{source->access_key_file, "the access key of the cluster", &config->access_key_file},
                 {source->secret_key_file, "the secret key of the cluster", &config->secret_key_file},
                 {source->security_token_file, "the security token of the cluster", &config->security_token_file}};
    int rc = 0;
    if (!source->access_key_file != !source->secret_key_file ||
        (source->security_token_file && !source->access_key_file))
        return error_set(err, ERR_INVALID,
                         "an access key is two files, access_key_file and secret_key_file; one is "
                         "missing");
    for (size_t i = 0; !rc && i < sizeof files / sizeof *files; i++) {
        if (!files[i].path)
            continue;
        rc = kube_config_readable(files[i].path, files[i].what, err);
        if (!rc && !(*files[i].out = str_dup(str_of(files[i].path))))
            rc = error_nomem(err);
    }
    return rc;
}

bool kube_iam_copy(const struct kube_iam *from, struct kube_iam *to)
{
    const struct {
        const char *from;
        char **to;
    } texts[] = {{from->endpoint, &to->endpoint}, {from->domain, &to->domain},
                 {from->user, &to->user},         {from->password_file, &to->password_file},
                 {from->project, &to->project},   {from->ca_file, &to->ca_file}};
    *to = (struct kube_iam){0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].from && !(*texts[i].to = str_dup(str_of(texts[i].from))))
            return false;
    }
    return true;
}

void kube_iam_free(struct kube_iam *iam)
{
    free(iam->endpoint);
    free(iam->domain);
    free(iam->user);
    free(iam->password_file);
    free(iam->project);
    free(iam->ca_file);
    *iam = (struct kube_iam){0};
}

static bool is_here(struct str host)
{
    return str_starts(host, "127.") || str_starts(host, "localhost") || str_starts(host, "[::1]");
}

/* A password goes there, so not in the clear, but to this machine. */
static int check_endpoint(struct kube_iam *iam, struct error *err)
{
    static const char like[] = "it reads like https://iam.cn-north-4.myhuaweicloud.com";
    struct str text = str_trim(str_of(iam->endpoint));
    bool tls = str_starts(text, "https://"), plain = str_starts(text, "http://");
    struct str host = tls || plain ? str_n(text.ptr + (tls ? 8 : 7), text.len - (tls ? 8 : 7)) : (struct str){0};
    while (host.len && host.ptr[host.len - 1] == '/')
        host.len--;
    if (str_ends(host, "/v3"))
        host.len -= 3;
    for (size_t i = 0; i < host.len; i++) {
        if ((unsigned char)host.ptr[i] <= ' ' || strchr("@?#", host.ptr[i])) /* not quoted: it may be a password */
            return error_set(err, ERR_INVALID, "cluster.auth.endpoint is no URL of an IAM; %s", like);
    }
    if (!host.len || host.ptr[0] == '/')
        return error_set(err, ERR_INVALID, "cluster.auth.endpoint is no URL of an IAM; %s", like);
    if (plain && !is_here(host))
        return error_set(err, ERR_INVALID,
                         "cluster.auth.endpoint begins with http://, and a password must not go over the network "
                         "unencrypted; %s",
                         like);
    struct buf url = BUF_INIT;
    buf_puts(&url, tls ? "https://" : "http://");
    buf_add_str(&url, host);
    free(iam->endpoint);
    iam->endpoint = buf_take(&url, NULL);
    return iam->endpoint ? 0 : error_nomem(err);
}

int kube_config_iam(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    if (!source->iam)
        return 0;
    struct kube_iam *iam = config->iam = calloc(1, sizeof *iam);
    if (!iam || !kube_iam_copy(source->iam, iam))
        return error_nomem(err);
    if (!iam->ca_file && source->ca_file && !(iam->ca_file = str_dup(str_of(source->ca_file))))
        return error_nomem(err);
    int rc = check_endpoint(iam, err);
    if (!rc)
        rc = kube_config_readable(iam->password_file, "the password of the cluster's IAM user", err);
    if (!rc && iam->ca_file)
        rc = kube_config_readable(iam->ca_file, "the CA of the cluster's IAM", err);
    return rc;
}
