/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy: the one that was configured, or the environment's, unless NO_PROXY excepts the server. */
#include "http/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- addresses ---- */

struct address {
    int family; /* 0: none */
    unsigned char bytes[16];
    unsigned bits;
};

static struct address read_address(struct str text)
{
    struct address a = {0};
    char copy[64];
    if (text.len > 1 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = str_n(text.ptr + 1, text.len - 2);
    if (text.len >= sizeof copy)
        return a;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, a.bytes) == 1)
        a = (struct address){AF_INET, {a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3]}, 32};
    else if (inet_pton(AF_INET6, copy, a.bytes) == 1) {
        a.family = AF_INET6;
        a.bits = 128;
    }
    return a;
}

static bool is_loopback(const struct url *url)
{
    struct address host = read_address(str_of(url->host));
    if (host.family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)(const void *)host.bytes);
    return host.family ? host.bytes[0] == 127 : strcasecmp(url->host, "localhost") == 0;
}

/* ---- NO_PROXY ---- */

static bool within(const struct address *host, const struct address *net, unsigned bits)
{
    if (!net->family || host->family != net->family || bits > net->bits)
        return false;
    unsigned rest = bits % 8, mask = rest ? (0xFF00U >> rest) & 0xFFU : 0;
    return memcmp(host->bytes, net->bytes, bits / 8) == 0 &&
           ((host->bytes[bits / 8 % 16] ^ net->bytes[bits / 8 % 16]) & mask) == 0;
}

static bool excepts_network(struct str item, const struct address *host, size_t slash)
{
    struct address net = read_address(str_n(item.ptr, slash));
    char digits[4] = "";
    size_t n = item.len - slash - 1;
    if (!n || n >= sizeof digits)
        return false;
    memcpy(digits, item.ptr + slash + 1, n);
    char *end;
    unsigned long bits = strtoul(digits, &end, 10);
    return !*end && within(host, &net, (unsigned)bits);
}

static bool excepts_name(struct str item, struct str host)
{
    bool below = item.len && item.ptr[0] == '.';
    if (item.len > 1 && item.ptr[0] == '*' && item.ptr[1] == '.') {
        item = str_n(item.ptr + 1, item.len - 1);
        below = true;
    }
    if (!item.len || host.len < item.len || strncasecmp(host.ptr + host.len - item.len, item.ptr, item.len) != 0)
        return false;
    return host.len == item.len ? !below : below || host.ptr[host.len - item.len - 1] == '.';
}

/* A port behind the name or address: taken off if it is the server's. False: it is another. */
static bool take_port(struct str *item, const char *port)
{
    const char *colon = item->len ? memrchr(item->ptr, ':', item->len) : NULL;
    size_t at = colon ? (size_t)(colon - item->ptr) : 0;
    bool bare_v6 = colon && memchr(item->ptr, ':', at) && item->ptr[0] != '[';
    if (!colon || bare_v6 || (item->ptr[0] == '[' && item->ptr[item->len - 1] == ']'))
        return true;
    bool same = str_is(str_n(colon + 1, item->len - at - 1), port);
    item->len = at;
    return same;
}

static bool excepts(struct str item, const struct url *url, const struct address *host)
{
    const char *slash = item.len ? memchr(item.ptr, '/', item.len) : NULL;
    if (str_is(item, "*"))
        return true;
    if (slash)
        return host->family && excepts_network(item, host, (size_t)(slash - item.ptr));
    if (!take_port(&item, url->port))
        return false;
    struct address one = read_address(item);
    if (one.family || host->family)
        return host->family && within(host, &one, one.bits);
    return excepts_name(item, str_of(url->host));
}

bool proxy_excepts(const char *list, const struct url *url)
{
    struct address host = read_address(str_of(url->host));
    while (*list) {
        size_t n = strcspn(list, ",");
        struct str item = str_trim(str_n(list, n));
        if (item.len && excepts(item, url, &host))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

/* ---- which one ---- */

static const char *variable(const char *first, const char *second)
{
    const char *value = getenv(first);
    if (!value || !*value)
        value = getenv(second);
    return value ? value : "";
}

const char *proxy_for(const struct url *url, const char *configured)
{
    if (configured)
        return configured;
    const char *proxy = url->tls ? variable("HTTPS_PROXY", "https_proxy") : variable("HTTP_PROXY", "http_proxy");
    if (!*proxy)
        proxy = variable("ALL_PROXY", "all_proxy");
    return is_loopback(url) || proxy_excepts(variable("NO_PROXY", "no_proxy"), url) ? "" : proxy;
}
