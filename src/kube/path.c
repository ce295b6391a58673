/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries, percent-encoded. */
#include "kube/kube_parts.h"

#include <inttypes.h>

static void encode(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' ||
                     *p == '_' || *p == '.' || *p == '~';
        if (plain) {
            buf_putc(out, (char)*p);
        } else {
            char three[3] = {'%', hex[*p >> 4], hex[*p & 15]};
            buf_add(out, three, 3);
        }
    }
}

static void add_part(struct buf *out, const char *part)
{
    buf_putc(out, '/');
    encode(out, part);
}

void kube_path(struct buf *out, const struct kube_resource *resource, const char *name_space, const char *name,
               const char *subresource)
{
    if (*resource->group) {
        buf_puts(out, "/apis");
        add_part(out, resource->group);
    } else {
        buf_puts(out, "/api");
    }
    add_part(out, resource->version);
    if (name_space) {
        buf_puts(out, "/namespaces");
        add_part(out, name_space);
    }
    add_part(out, resource->plural);
    if (name)
        add_part(out, name);
    if (subresource)
        add_part(out, subresource);
}

void kube_query_add(struct buf *url, const struct kube_query *q)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        {"labelSelector", q->label_selector},
        {"fieldSelector", q->field_selector},
        {"resourceVersion", q->resource_version},
        {"resourceVersionMatch", q->version_match},
        {"continue", q->continue_token},
        {"dryRun", q->dry_run},
        {"fieldManager", q->field_manager},
        {"fieldValidation", q->field_validation},
        {"propagationPolicy", q->propagation_policy},
    };
    char mark = '?';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].value || !*texts[i].value)
            continue;
        buf_printf(url, "%c%s=", mark, texts[i].name);
        encode(url, texts[i].value);
        mark = '&';
    }
    if (q->limit > 0) {
        buf_printf(url, "%climit=%" PRId64, mark, q->limit);
        mark = '&';
    }
    if (q->pretty)
        buf_printf(url, "%cpretty=true", mark);
}
