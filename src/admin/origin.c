/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of strangers in the browser of a person who may reach us. Such a page can have its own name lead to loopback,
 * and then read what is there; or send a request here, whose answer it cannot read. It cannot send our token, nor
 * choose the Host or the Origin. What sends neither is no browser. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "admin/admin_parts.h"

/* Whether an Authority is an IP address or localhost, with a port or without. */
static bool is_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char name[64];
    size_t len = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");
    const char *rest = host + len + (host[0] == '[' && host[len]);
    if (len >= sizeof name || (*rest && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")])))
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, address) == 1 ||
           (name[0] == '[' && host[len] == ']' && inet_pton(AF_INET6, name + 1, address) == 1);
}

/* Of HTTP any scheme may be before us: a proxy has HTTPS. Where we have it, a page of HTTP at our address is a
 * stranger's. */
static bool is_ours(const struct admin *a, const char *origin, const char *host)
{
    const char *rest = strstr(origin, "://");
    return host && rest && strcasecmp(rest + 3, host) == 0 &&
           (!a->tls || strncasecmp(origin, "https://", strlen("https://")) == 0);
}

const char *admin_stranger(const struct admin *a, const struct admin_request *r)
{
    const char *host = admin_request_header(r, MHD_HTTP_HEADER_HOST);
    const char *origin = admin_request_header(r, MHD_HTTP_HEADER_ORIGIN);
    if (!admin_has_token(a, TOKEN_READ) && a->loopback && host && !is_address(host))
        return "this is asked for by an IP address or as localhost; for other names a token is needed: name its file "
               "with `tokens: { read: FILE }` in mpijobd.yaml";
    if (origin && !is_ours(a, origin, host))
        return "this request comes from a page of another site (Origin), which may not ask this daemon; open its own "
               "address";
    return NULL;
}
