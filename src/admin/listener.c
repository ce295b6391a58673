/* SPDX-License-Identifier: Apache-2.0 */
/* Where to listen: an IP address and a port, without asking a name server; and the socket that listens there. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin_parts.h"

static int bad(const char *text, struct error *err)
{
    return error_set(err, ERR_INVALID,
                     "\"%s\" is not an address to listen on: write 127.0.0.1:9633, localhost:9633 or [::1]:9633", text);
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

/* The socket is made here: libmicrohttpd does not say why it could not listen. */
int admin_listen(const struct sockaddr_storage *address, const char *text, struct error *err)
{
    int on = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, 64) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    error_set(err, ERR_IO, "%s cannot be listened on: %s%s", text, strerror(why),
              why == EADDRINUSE ? "; is another mpijobd running? `listen:` in mpijobd.yaml names another address" : "");
    return ERR_IO;
}

void admin_url_of(int fd, const char *scheme, char *out, size_t size)
{
    struct sockaddr_storage is;
    socklen_t len = sizeof is;
    char host[INET6_ADDRSTRLEN] = "";
    getsockname(fd, (struct sockaddr *)&is, &len);
    if (is.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&is;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(out, size, "%s://[%s]:%u", scheme, host, ntohs(v6->sin6_port));
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&is;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(out, size, "%s://%s:%u", scheme, host, ntohs(v4->sin_port));
    }
}
