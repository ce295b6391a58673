/* SPDX-License-Identifier: Apache-2.0 */
/* Lists with their pages and snapshots, and GET of one object. */
#include "sim/read/list.h"

#include "base/base64.h"
#include "sim/read/selector.h"
#include "sim/read/table.h"
#include "sim/server/status.h"
#include "sim/server/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -1: answered with a 400. */
static int version_read(struct exchange *x, const char *text, uint64_t *version)
{
    char *end;
    errno = 0;
    *version = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno)
        return 0;
    return fail_bad_request(x, "invalid resource version: strconv.ParseUint: parsing \"%s\": invalid syntax", text);
}

/* A real server waits three seconds for that version before it answers so. */
static int fail_future_version(struct exchange *x, uint64_t version)
{
    struct details d = {.retry_after = 1};
    struct cause c = {.reason = "ResourceVersionTooLarge", .message = "Too large resource version"};
    x->resp->wire.delay_ms += 3000;
    return fail_with(x, 504, "Timeout", &d, &c, "Timeout: Too large resource version: %llu, current: %llu",
                     (unsigned long long)version, (unsigned long long)x->sim->store.version);
}

static int fail_match(struct exchange *x, const char *fmt)
{
    return fail_options(x, "ListOptions", "resourceVersionMatch", "%s", fmt);
}

int list_options_check(struct exchange *x)
{
    const char *match = param(x, "resourceVersionMatch"), *rv = param(x, "resourceVersion");
    bool watching = x->verb == VERB_WATCH, initial = param(x, "sendInitialEvents") != NULL;
    if (initial && !watching)
        return fail_options(x, "ListOptions", "sendInitialEvents",
                            "Forbidden: sendInitialEvents is forbidden for list");
    if (initial && (!match || strcmp(match, "NotOlderThan") != 0))
        return fail_match(x, "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (!match || !*match)
        return 0;
    if (watching && !initial)
        return fail_match(
            x, "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if ((!rv || !*rv) && !watching)
        return fail_match(x, "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
    bool exact = strcmp(match, "Exact") == 0;
    if (!exact && strcmp(match, "NotOlderThan") != 0)
        return fail_options(x, "ListOptions", "resourceVersionMatch",
                            "Unsupported value: \"%s\": supported values: \"Exact\", \"NotOlderThan\", \"\"", match);
    if (exact && rv && strcmp(rv, "0") == 0)
        return fail_match(x, "Forbidden: resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"");
    return 0;
}

/* ---- continue tokens: the version of the snapshot and the last key of the page before, in base64 with the alphabet of
 * URLs and without padding */

static char *token_make(uint64_t version, const char *key)
{
    char *plain = sim_format("{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,\"start\":\"%s\\u0000\"}", (long long)version, key);
    struct buf coded = BUF_INIT;
    base64_encode(str_of(plain), &coded);
    free(plain);
    char *token = sim_take(&coded);
    token[strcspn(token, "=")] = 0;
    for (char *p = token; *p; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    return token;
}

static bool token_decode(const char *token, struct buf *plain)
{
    struct buf padded = BUF_INIT;
    size_t n = strcspn(token, "=");
    for (size_t i = 0; i < n; i++)
        buf_putc(&padded, token[i] == '-' ? '+' : token[i] == '_' ? '/' : token[i]);
    while (padded.len % 4)
        buf_putc(&padded, '=');
    bool good = !strpbrk(token, "+/\r\n") && base64_decode(buf_str(&padded), plain);
    buf_free(&padded);
    return good;
}

static bool token_read(const char *token, uint64_t *version, char **key)
{
    struct buf plain = BUF_INIT;
    json_object *doc = token_decode(token, &plain) && plain.ptr ? doc_parse(plain.ptr, plain.len) : NULL;
    const char *start = doc_str(doc, "start"), *form = doc_str(doc, "v");
    bool good = start && *start && form && strcmp(form, "meta.k8s.io/v1") == 0;
    if (good) {
        *version = (uint64_t)doc_int(doc, "rv", 0);
        *key = sim_strdup(start);
    }
    json_object_put(doc);
    buf_free(&plain);
    return good;
}

/* ---- the list itself */

struct listing {
    uint64_t version; /* of the snapshot */
    uint64_t limit;   /* 0: none */
    char *after;      /* go on after this key; NULL: from the start */
    struct selector selector;
};

static int fail_expired(struct exchange *x, const char *after)
{
    char *token = after ? token_make((uint64_t)-1, after) : NULL;
    buf_reset(&x->resp->body);
    status_write(
        &x->resp->body, 410, "Expired",
        after ? "The provided continue parameter is too old to display a consistent list result. You can start a new "
                "list without the continue parameter, or use the continue token in this response to retrieve the "
                "remainder of the results. Continuing with the provided token results in an inconsistent list - "
                "objects that were created, modified, or deleted between the time the first chunk was returned and "
                "now may show up in the list."
              : "The resourceVersion for the provided list is too old.",
        NULL, NULL, token);
    respond_json(x, 410);
    free(token);
    return -1;
}

static int read_continue(struct exchange *x, struct listing *l, const char *token, const char *rv)
{
    if (rv && *rv && strcmp(rv, "0") != 0)
        return fail_bad_request(x, "specifying resource version is not allowed when using continue");
    uint64_t version;
    if (!token_read(token, &version, &l->after))
        return fail_bad_request(x, "continue key is not valid: illegal base64 data or unknown form");
    if (version == (uint64_t)-1)
        return 0; /* such a token goes on in the present state instead of the snapshot */
    if (version < x->sim->store.compacted || version > x->sim->store.version)
        return fail_expired(x, l->after);
    l->version = version;
    return 0;
}

static int read_limit(struct exchange *x, struct listing *l)
{
    const char *text = param(x, "limit");
    if (!text || !*text)
        return 0;
    char *end;
    long long v = strtoll(text, &end, 10);
    if (*end)
        return fail_bad_request(x, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
    l->limit = v > 0 ? (uint64_t)v : 0;
    return 0;
}

static int read_version(struct exchange *x, struct listing *l)
{
    const char *rv = param(x, "resourceVersion"), *match = param(x, "resourceVersionMatch"),
               *token = param(x, "continue");
    if (token && *token)
        return read_continue(x, l, token, rv);
    if (!rv || !*rv)
        return 0;
    uint64_t version;
    if (version_read(x, rv, &version))
        return -1;
    if (version > x->sim->store.version)
        return fail_future_version(x, version);
    if (version == 0)
        l->limit = 0; /* a real server answers from its cache, and ignores the limit */
    if (!match || strcmp(match, "Exact") != 0)
        return 0;
    if (version < x->sim->store.compacted)
        return fail_expired(x, NULL);
    l->version = version;
    return 0;
}

static uint64_t count_remaining(struct exchange *x, const struct listing *l, size_t at, size_t to)
{
    struct shelf *shelf = &x->sim->store.shelf[x->res->kind];
    if (shelf->changed <= l->version && shelf->live == shelf->count)
        return to - at; /* the state is that of the snapshot, and every entry is an object: no need to look */
    uint64_t n = 0;
    for (size_t i = at; i < to; i++)
        n += store_at(shelf->entry[i], l->version) != NULL;
    return n;
}

static void write_head(struct exchange *x, struct buf *out)
{
    if (x->shape == SHAPE_PARTIAL) {
        buf_puts(out, "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",");
        return;
    }
    const char *group = x->res->group;
    const char *fmt = resource_is_custom(x->res) ? "{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\","
                                                 : "{\"kind\":\"%4$s\",\"apiVersion\":\"%1$s%2$s%3$s\",";
    buf_printf(out, fmt, group, *group ? "/" : "", x->version, x->res->list);
}

static void write_metadata(struct exchange *x, struct buf *out, const struct listing *l, const char *token,
                           uint64_t remaining)
{
    buf_puts(out, "\"metadata\":{");
    bool custom = resource_is_custom(x->res) && x->shape == SHAPE_WHOLE;
    if (token || custom)
        buf_printf(out, "\"continue\":\"%s\",", token ? token : "");
    if (token && remaining && selector_empty(&l->selector))
        buf_printf(out, "\"remainingItemCount\":%llu,", (unsigned long long)remaining);
    buf_printf(out, "\"resourceVersion\":\"%llu\"}", (unsigned long long)l->version);
}

/* Adds the items. Returns the token of the next page (to be freed), or NULL: this is the last one. */
static char *write_items(struct exchange *x, const struct listing *l, struct buf *out, uint64_t *remaining)
{
    struct shelf *shelf = &x->sim->store.shelf[x->res->kind];
    size_t from, to;
    uint64_t taken = 0;
    const char *last = NULL;
    store_range(&x->sim->store, (int)x->res->kind, x->ns, &from, &to);
    if (l->after) {
        size_t at = store_seek(&x->sim->store, (int)x->res->kind, l->after);
        if (at < to && strcmp(shelf->entry[at]->key, l->after) == 0)
            at++;
        from = at > from ? at : from;
    }
    for (size_t i = from; i < to; i++) {
        struct revision *rev = store_at(shelf->entry[i], l->version);
        if (!rev)
            continue;
        if (l->limit && taken == l->limit) {
            *remaining = count_remaining(x, l, i, to);
            return token_make(l->version, last);
        }
        last = shelf->entry[i]->key;
        if (!selector_matches(&l->selector, rev))
            continue;
        if (taken++)
            buf_putc(out, ',');
        if (x->shape == SHAPE_TABLE)
            table_row(x, rev, out);
        else
            view_revision(x, rev, out, true);
    }
    return NULL;
}

static void answer(struct exchange *x, const struct listing *l)
{
    struct buf items = BUF_INIT, *out = &x->resp->body;
    uint64_t remaining = 0;
    char *token = write_items(x, l, &items, &remaining);
    buf_reserve(out, items.len + 512);
    if (x->shape == SHAPE_TABLE) {
        table_head(x, out, l->version, token);
    } else {
        write_head(x, out);
        if (resource_is_custom(x->res) && x->shape == SHAPE_WHOLE) {
            /* Go writes lists of custom resources with sorted keys: items before metadata */
            buf_puts(out, "\"items\":[");
            buf_add(out, items.ptr, items.len);
            buf_puts(out, "],");
            write_metadata(x, out, l, token, remaining);
            buf_putc(out, '}');
            goto done;
        }
        write_metadata(x, out, l, token, remaining);
        buf_puts(out, ",\"items\":[");
    }
    buf_add(out, items.ptr, items.len);
    buf_puts(out, "]}");
done:
    free(token);
    buf_free(&items);
    respond_json(x, 200);
}

void verb_list(struct exchange *x)
{
    struct listing l = {.version = x->sim->store.version};
    if (list_options_check(x) || read_limit(x, &l))
        return;
    if (!read_version(x, &l) && !selector_read(x, &l.selector)) {
        answer(x, &l);
        selector_clear(&l.selector);
    }
    free(l.after);
}

/* ---- one object */

void verb_get(struct exchange *x)
{
    uint64_t version = 0;
    const char *rv = param(x, "resourceVersion");
    if (rv && *rv && version_read(x, rv, &version))
        return;
    if (version > x->sim->store.version) {
        fail_future_version(x, version);
        return;
    }
    struct revision *rev = store_get(&x->sim->store, (int)x->res->kind, x->ns, x->name);
    if (!rev) {
        fail_not_found(x, x->name);
        return;
    }
    if (x->shape == SHAPE_TABLE)
        table_one(x, rev);
    else
        respond_object(x, 200, rev);
}
