/* SPDX-License-Identifier: Apache-2.0 */
/* Kubeconfig files: reading one, and its members as texts and as yes or no. */
#include "kube/config/config_yaml.h"

#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"

#define FILE_MAX_BYTES (8u << 20)

/* The absolute folder of a file, "/" at least. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str folder = slash ? str_n(path, slash == path ? 1 : (size_t)(slash - path)) : str_of(".");
    char *text = str_dup(folder);
    char *real = text ? realpath(text, NULL) : NULL;
    if (real) {
        free(text);
        return real;
    }
    return text;
}

int kube_yaml_load(struct kube_yaml *yaml, const char *path, struct error *err)
{
    struct buf text = {.secret = true};
    *yaml = (struct kube_yaml){.path = str_dup(str_of(path)), .folder = folder_of(path)};
    int rc = yaml->path && yaml->folder ? buf_read_file(&text, path, FILE_MAX_BYTES, err) : error_nomem(err);
    if (!rc)
        rc = yaml_tree_parse(buf_str(&text), path, &yaml->tree, err);
    buf_free(&text);
    if (rc)
        kube_yaml_free(yaml);
    else
        yaml->empty = yaml_kind(yaml_root(yaml->tree)) == YAML_ABSENT;
    return rc;
}

void kube_yaml_free(struct kube_yaml *yaml)
{
    yaml_tree_free(yaml->tree);
    free(yaml->path);
    free(yaml->folder);
    *yaml = (struct kube_yaml){0};
}

static struct kube_node node_of(struct kube_yaml *yaml, struct yaml_node node)
{
    return (struct kube_node){yaml, yaml_is_null(node) ? (struct yaml_node){0} : node};
}

struct kube_node kube_yaml_root(struct kube_yaml *yaml)
{
    return node_of(yaml, yaml_root(yaml->tree));
}

struct kube_node kube_node_get(struct kube_node map, const char *key)
{
    return node_of(map.yaml, yaml_get(map.at, key));
}

size_t kube_node_count(struct kube_node list)
{
    return kube_node_is_list(list) ? yaml_count(list.at) : 0;
}

struct kube_node kube_node_item(struct kube_node list, size_t i)
{
    return node_of(list.yaml, yaml_item(list.at, i));
}

unsigned long kube_node_line(struct kube_node node)
{
    return kube_node_exists(node) ? yaml_line(node.at) : 1;
}

bool kube_node_is(struct kube_node node, const char *text)
{
    return kube_node_is_scalar(node) && str_is(yaml_text(node.at), text);
}

int kube_node_text(struct kube_node map, const char *key, struct str *out, struct error *err)
{
    struct kube_node node = kube_node_get(map, key);
    *out = (struct str){0};
    if (!kube_node_exists(node))
        return 0;
    if (!kube_node_is_scalar(node))
        return error_set(err, ERR_INVALID, "%s:%lu: %s must be text", map.yaml->path, kube_node_line(node), key);
    *out = yaml_text(node.at);
    if (memchr(out->ptr, '\0', out->len))
        return error_set(err, ERR_INVALID, "%s:%lu: %s has a NUL byte in it", map.yaml->path, kube_node_line(node),
                         key);
    return 0;
}

int kube_node_bool(struct kube_node map, const char *key, bool *out, struct error *err)
{
    struct str text;
    *out = false;
    int rc = kube_node_text(map, key, &text, err);
    if (rc || !text.len)
        return rc;
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (size_t i = 0; i < 3; i++) {
        *out = text.len == strlen(yes[i]) && !strncasecmp(text.ptr, yes[i], text.len);
        if (*out || (text.len == strlen(no[i]) && !strncasecmp(text.ptr, no[i], text.len)))
            return 0;
    }
    return error_set(err, ERR_INVALID, "%s:%lu: %s must be true or false", map.yaml->path,
                     kube_node_line(kube_node_get(map, key)), key);
}
