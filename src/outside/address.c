/* SPDX-License-Identifier: Apache-2.0 */
/* Names, addresses and networks of http.allow. An address is compared as 16 bytes; an IPv4 one, in whatever form of
 * IPv6 it comes, as ::ffff:A.B.C.D. */
#include "outside/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

struct net {
    unsigned char bytes[16];
    int bits;
};

/* ---- addresses ---- */

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* Forms of IPv6 in which an IPv4 address stands: compatible, NAT64, 6to4. */
static void unwrap(unsigned char bytes[16])
{
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b}, zeros[12];
    unsigned char v4[4];
    bool compatible = memcmp(bytes, zeros, 12) == 0 && (bytes[12] || bytes[13] || bytes[14]);
    if (compatible || memcmp(bytes, nat64, 12) == 0)
        memcpy(v4, bytes + 12, 4);
    else if (bytes[0] == 0x20 && bytes[1] == 0x02)
        memcpy(v4, bytes + 2, 4);
    else
        return;
    memcpy(bytes, mapped, 12);
    memcpy(bytes + 12, v4, 4);
}

static bool read_address(const char *text, struct net *net)
{
    struct in_addr v4;
    net->bits = 128;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        memcpy(net->bytes, mapped, 12);
        memcpy(net->bytes + 12, &v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, text, net->bytes) == 1;
}

/* An address, or a network with /BITS. */
static bool read_net(const char *text, struct net *net)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    if (!read_address(address, net))
        return false;
    if (!slash)
        return true;
    char *end;
    long bits = strtol(slash + 1, &end, 10), most = strchr(address, ':') ? 128 : 32;
    if (*end || end == slash + 1 || bits < 0 || bits > most)
        return false;
    net->bits = (int)(bits + 128 - most);
    return true;
}

static bool in_net(const unsigned char bytes[16], const struct net *net)
{
    int whole = net->bits / 8, rest = net->bits % 8;
    unsigned mask = rest ? (0xffu << (8 - rest)) & 0xffu : 0;
    return memcmp(bytes, net->bytes, (size_t)whole) == 0 && (!rest || ((bytes[whole] ^ net->bytes[whole]) & mask) == 0);
}

static bool in_text(const unsigned char bytes[16], const char *text)
{
    struct net net;
    return read_net(text, &net) && in_net(bytes, &net);
}

static const char *const loopback[] = {"127.0.0.0/8", "0.0.0.0/8", "::1", "::", NULL};

static bool in_any(const unsigned char bytes[16], const char *const *nets)
{
    for (; *nets; nets++) {
        if (in_text(bytes, *nets))
            return true;
    }
    return false;
}

/* ---- entries ---- */

struct entry {
    char host[256];
    char port[8]; /* "": any */
};

static bool read_entry(const char *text, struct entry *e)
{
    const char *end = text + strlen(text), *colon = strrchr(text, ':'), *from = text;
    *e = (struct entry){0};
    if (*text == '[') {
        end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        colon = end[1] ? end + 1 : NULL;
        from++;
    } else if (colon && strchr(text, ':') == colon) {
        end = colon;
    } else {
        colon = NULL; /* an IPv6 address without brackets, or no port */
    }
    if (colon && (strlen(colon + 1) >= sizeof e->port || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")]))
        return false;
    snprintf(e->port, sizeof e->port, "%s", colon ? colon + 1 : "");
    size_t n = (size_t)(end - from);
    if (!n || n >= sizeof e->host)
        return false;
    memcpy(e->host, from, n);
    return true;
}

bool allow_entry_good(const char *text)
{
    struct entry e;
    struct net net;
    if (!read_entry(text, &e))
        return false;
    if (strchr(e.host, '/') || strchr(e.host, ':'))
        return read_net(e.host, &net);
    const char *name = strncmp(e.host, "*.", 2) == 0 ? e.host + 2 : strcmp(e.host, "*") == 0 ? "x" : e.host;
    for (const char *p = name; *p; p++) {
        bool good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '.' ||
                    *p == '-' || *p == '_';
        if (!good)
            return false;
    }
    return *name && *name != '.';
}

/* The host in lower case, without brackets and without a dot at its end. */
static void plain_host(const char *host, char out[256])
{
    size_t n = strlen(host);
    if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (n > 1 && host[n - 1] == '.')
        n--;
    snprintf(out, 256, "%.*s", n < 255 ? (int)n : 255, host);
}

static bool names_host(const char *entry, const char *host)
{
    struct net address;
    size_t n = strlen(host), tail = strlen(entry) - 1;
    if (read_address(host, &address)) {
        unwrap(address.bytes);
        return strcmp(entry, "*") == 0 || in_text(address.bytes, entry);
    }
    if (strcmp(entry, "*") == 0)
        return true;
    if (strncmp(entry, "*.", 2) == 0)
        return n > tail && strcasecmp(host + n - tail, entry + 1) == 0;
    return strcasecmp(host, entry) == 0;
}

bool allow_host(const char *const *allow, const char *host, const char *port)
{
    char plain[256];
    struct entry e;
    plain_host(host, plain);
    for (; allow && *allow; allow++) {
        if (read_entry(*allow, &e) && (!*e.port || strcmp(e.port, port) == 0) && names_host(e.host, plain))
            return true;
    }
    return false;
}

/* ---- what is asked only by name ---- */

static const struct {
    const char *net, *why;
} kept[] = {
    {"127.0.0.0/8", "an address of this machine"},
    {"::1", "an address of this machine"},
    {"0.0.0.0/8", "an address of this machine"},
    {"::", "an address of this machine"},
    {"169.254.0.0/16", "an address of the link, where clouds keep their metadata"},
    {"fe80::/10", "an address of the link"},
    {"fec0::/10", "an address of the site"},
    {"fd00:ec2::/32", "an address of a cloud's metadata"},
    {"fd20:ce::/32", "an address of a cloud's metadata"},
    {"100.100.100.200", "an address of a cloud's metadata"},
    {"192.0.0.0/24", "an address of a cloud's metadata"},
    {"168.63.129.16", "an address of a cloud's metadata"},
    {"224.0.0.0/3", "no address of one machine"},
    {"ff00::/8", "no address of one machine"},
};

static bool named(const char *const *allow, const unsigned char bytes[16])
{
    struct entry e;
    for (; allow && *allow; allow++) {
        if (!read_entry(*allow, &e))
            continue;
        if (in_text(bytes, e.host) || (strcasecmp(e.host, "localhost") == 0 && in_any(bytes, loopback)))
            return true;
    }
    return false;
}

const char *allow_address(const char *const *allow, const struct sockaddr *address)
{
    unsigned char bytes[16];
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(bytes, mapped, 12);
        memcpy(bytes + 12, &v4.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        memcpy(bytes, &v6.sin6_addr, 16);
        unwrap(bytes);
    } else {
        return "no address of the internet";
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (in_text(bytes, kept[i].net) && !named(allow, bytes))
            return kept[i].why;
    }
    return NULL;
}
