/* SPDX-License-Identifier: Apache-2.0 */
/* What an item of a list lacks is spliced in; the rest of its bytes stay as the server sent them. */
#include "kube/list_item.h"

int list_item_complete(struct json *item, const struct kube_resource *resource, const char *kind, struct buf *whole)
{
    bool version = false, named = false;
    if (!kind || json_type(*item) != JSON_OBJECT)
        return 0;
    /* Items of custom resources begin with both, so no more than that is read of them. */
    for (struct json_iter it = json_iter(*item); !(version && named) && json_next(&it);) {
        version = version || json_string_is(it.key, str_of("apiVersion"));
        named = named || json_string_is(it.key, str_of("kind"));
    }
    if (version && named)
        return 0;
    bool grouped = resource->group && *resource->group, more = json_count(*item) > 0;
    buf_reset(whole);
    buf_putc(whole, '{');
    if (!version)
        buf_printf(whole, "\"apiVersion\":\"%s%s%s\"", grouped ? resource->group : "", grouped ? "/" : "",
                   resource->version);
    if (!named)
        buf_printf(whole, "%s\"kind\":\"%s\"", version ? "" : ",", kind);
    if (more)
        buf_putc(whole, ',');
    buf_add(whole, item->text.ptr + 1, item->text.len - 1);
    if (whole->failed)
        return ERR_NOMEM;
    item->text = buf_str(whole);
    return 0;
}
