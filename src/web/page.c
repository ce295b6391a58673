/* SPDX-License-Identifier: Apache-2.0 */
/* A page of a list: its items are put in order by their key, and those behind the cursor are written. */
#include "web/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/api_parts.h"
#include "json/write.h"

#define ARGUMENTS_MOST 8

struct page {
    struct {
        const char *name, *value;
    } arguments[ARGUMENTS_MOST];
    size_t count;
};

static bool keep(void *data, const char *name, const char *value)
{
    struct page *p = data;
    if (p->count < ARGUMENTS_MOST) {
        p->arguments[p->count].name = name;
        p->arguments[p->count++].value = value;
    }
    return true;
}

const char *page_filter(const struct page *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->arguments[i].name, name) == 0)
            return p->arguments[i].value;
    }
    return NULL;
}

bool page_fits(const struct page *p, const char *name, struct json value)
{
    const char *wanted = page_filter(p, name);
    return !wanted || json_string_is(value, str_of(wanted));
}

struct item {
    struct json value;
    char key[FIELD_BYTES]; /* a number: with zeros in front, so that the order is theirs */
};

static void read_key(struct item *item, const char *key)
{
    struct json value = json_get(item->value, key);
    int64_t n;
    if (json_int64(value, &n))
        snprintf(item->key, sizeof item->key, "%019lld", (long long)n);
    else
        json_string_at(value, "", item->key, sizeof item->key);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->key, ((const struct item *)b)->key);
}

static void write_page(const struct page *p, const struct item *items, size_t count, struct buf *out)
{
    const char *limit = page_filter(p, "limit"), *cursor = page_filter(p, "cursor");
    size_t most = limit ? strtoul(limit, NULL, 10) : PAGE_DEFAULT, n = 0, i = 0;
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "items");
    json_write_array(&w);
    while (i < count && cursor && strcmp(items[i].key, cursor) <= 0)
        i++;
    for (; i < count && n < most; i++, n++)
        json_write_raw(&w, items[i].value);
    json_write_end(&w);
    json_write_key(&w, "next");
    json_write_string(&w, n && i < count ? items[i - 1].key : NULL);
    json_write_end(&w);
}

int page_write(const struct admin_request *r, struct json list, const char *key,
               bool (*is_meant)(const struct page *page, struct json item), struct buf *out, struct error *err)
{
    struct page p = {.count = 0};
    size_t count = 0, all = json_count(list);
    struct item *items = calloc(all + 1, sizeof *items);
    if (!items)
        return error_nomem(err);
    admin_request_query(r, keep, &p);
    for (struct json_iter it = json_iter(list); json_next(&it) && count < all;) {
        items[count].value = it.value;
        if (!is_meant(&p, it.value))
            continue;
        read_key(&items[count++], key);
    }
    qsort(items, count, sizeof *items, by_key);
    write_page(&p, items, count, out);
    free(items);
    return 0;
}
