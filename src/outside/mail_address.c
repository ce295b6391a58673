/* SPDX-License-Identifier: Apache-2.0 */
/* A list is cut at commas, and an entry at "<", where these do not stand between quotes. */
#include "outside/mail_address.h"

#include <string.h>

#define LONGEST 317 /* bytes of an address, with room for "<", ">" and a NUL in 320 */

/* Bytes up to the first of `ends` that stands outside of quotes, or all. *open: a quote is not closed. */
static size_t span(struct str text, const char *ends, bool *open)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < text.len && (quoted || !strchr(ends, text.ptr[i])); i++) {
        if (text.ptr[i] == '"')
            quoted = !quoted;
        else if (quoted && text.ptr[i] == '\\' && i + 1 < text.len)
            i++;
    }
    *open = quoted;
    return i;
}

static struct str rest(struct str text, size_t from)
{
    return str_n(text.ptr + from, text.len - from);
}

/* The next entry; empty: that was the last. *open: as of span. */
static struct str next_entry(const char **list, bool *open)
{
    while (**list) {
        size_t n = span(str_of(*list), ",", open);
        struct str one = str_trim(str_n(*list, n));
        *list += n + ((*list)[n] == ',');
        if (one.len)
            return one;
    }
    return (struct str){0};
}

/* False: it has a "<", and no ">" at its end. */
static bool cut(struct str one, struct str *name, struct str *address)
{
    bool open;
    size_t at = span(one, "<", &open);
    *name = (struct str){0};
    *address = one;
    if (at == one.len)
        return true;
    struct str more = rest(one, at + 1);
    const char *close = more.len ? memchr(more.ptr, '>', more.len) : NULL;
    *name = str_trim(str_n(one.ptr, at));
    *address = str_n(more.ptr, close ? (size_t)(close - more.ptr) : 0);
    return close && close == more.ptr + more.len - 1;
}

bool mail_address_next(const char **list, struct str *name, struct str *address)
{
    bool open;
    struct str one = next_entry(list, &open);
    cut(one, name, address);
    return one.len > 0;
}

void mail_name_bare(struct str name, struct buf *out)
{
    bool open;
    bool whole = name.len > 2 && *name.ptr == '"' && span(rest(name, 1), "\"", &open) == name.len - 2;
    for (size_t i = whole; i < name.len - whole; i++) {
        if (whole && name.ptr[i] == '\\' && i + 1 < name.len - 1)
            i++;
        buf_putc(out, name.ptr[i]);
    }
}

static bool is_address(struct str text)
{
    size_t at = 0, count = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c == 0x7f || strchr("<>\"(),:;\\", c))
            return false;
        at = c == '@' ? i : at;
        count += c == '@';
    }
    return count == 1 && at > 0 && at + 1 < text.len && text.len <= LONGEST;
}

int mail_addresses_check(const char *list, bool single, const char *part, struct error *err)
{
    struct str one, name, address;
    size_t count = 0;
    bool open = false;
    while ((one = next_entry(&list, &open)).len) {
        if (open || !cut(one, &name, &address) || !is_address(address))
            return error_set(err, ERR_INVALID,
                             "%s has \"%.*s\", which is no address: NAME@HOST, or a name and <NAME@HOST>; a name with "
                             "a comma stands in quotes, as in \"Doe, Jane\" <jane@example.com>",
                             part, one.len < 200 ? (int)one.len : 200, one.ptr);
        count++;
    }
    if (!count)
        return error_set(err, ERR_INVALID, "%s holds no address", part);
    return single && count > 1 ? error_set(err, ERR_INVALID, "%s has %zu addresses; a mail comes from one", part, count)
                               : 0;
}
