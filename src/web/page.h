/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a list that is there as a whole: {"items": [...], "next": "..." or null}. A page begins behind the item that
 * its cursor names, by the order of the items' key; so a list that changes meanwhile loses none that stays. */
#ifndef MPIJOBD_WEB_PAGE_H
#define MPIJOBD_WEB_PAGE_H

#include "admin/admin.h"
#include "json/value.h"

struct page;
/* The value of an argument of the query; NULL: it has none. */
const char *page_filter(const struct page *page, const char *name);
/* Is the argument absent, or the value equal to it? */
bool page_fits(const struct page *page, const char *name, struct json value);

/* Writes the page that the request asks for by `limit` and `cursor`, of the items that are meant. key: the member that
 * tells one from another, a text or a whole number. Any text is a cursor. 0 or ERR_NOMEM. */
int page_write(const struct admin_request *r, struct json items, const char *key,
               bool (*is_meant)(const struct page *page, struct json item), struct buf *out, struct error *err);

#endif
