/* Where to listen: an IP address and a port, without asking a name server. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"

static int bad(const char *text, struct error *err)
{
    return error_set(err, ERR_INVALID,
                     "\"%s\" is no address to listen on: write 127.0.0.1:9633, localhost:9633 or [::1]:9633", text);
}

static bool read_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    *port = (uint16_t)n;
    return *text >= '0' && *text <= '9' && !*end && n <= 65535;
}

int admin_address(const char *text, struct sockaddr_storage *address, bool *loopback, struct error *err)
{
    char host[64];
    uint16_t port;
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    memset(address, 0, sizeof *address);
    if (!colon || len == 0 || len >= sizeof host || !read_port(colon + 1, &port))
        return bad(text, err);
    snprintf(host, sizeof host, "%.*s", (int)len, text);
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
            return bad(text, err);
        *loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        return 0;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
        return bad(text, err);
    *loopback = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    return 0;
}
