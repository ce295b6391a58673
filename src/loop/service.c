/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol is a few lines of text in a datagram. It is stable, and its manual lets programs write their own. */
#include "loop/service.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 512

static void tell(const struct service *s, const char *message)
{
    if (s->socket >= 0)
        (void)!send(s->socket, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int reach(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof to.sun_path)
        return -1;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') /* an abstract name, which has no terminator */
        to.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/'));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, size)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Milliseconds; 0: there is no watchdog, or it is meant for another process. */
static uint64_t watchdog(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    long long us = strtoll(usec, NULL, 10);
    return us > 0 ? (uint64_t)us / 1000 : 0;
}

void service_take(struct service *s)
{
    const char *path = getenv("NOTIFY_SOCKET");
    *s = (struct service){.socket = path ? reach(path) : -1};
    if (s->socket >= 0)
        s->watchdog_ms = watchdog();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void feed(uv_timer_t *timer)
{
    tell(timer->data, "WATCHDOG=1");
}

void service_start(uv_loop_t *loop, struct service *s)
{
    if (!s->watchdog_ms)
        return;
    uint64_t often = s->watchdog_ms / 3 ? s->watchdog_ms / 3 : 1;
    uv_timer_init(loop, &s->feed);
    s->feed.data = s;
    s->feeding = true;
    uv_timer_start(&s->feed, feed, 0, often);
    uv_unref((uv_handle_t *)&s->feed);
}

void service_ready(struct service *s, const char *status)
{
    char message[MESSAGE_MAX];
    snprintf(message, sizeof message, "READY=1\nSTATUS=%s", status);
    tell(s, message);
}

void service_reloading(struct service *s, const char *status)
{
    char message[MESSAGE_MAX];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* by which the manager tells this reload from an earlier one */
    snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=%s",
             (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, status);
    tell(s, message);
}

void service_stopping(struct service *s, const char *status)
{
    char message[MESSAGE_MAX];
    snprintf(message, sizeof message, "STOPPING=1\nSTATUS=%s", status);
    tell(s, message);
}

void service_close(struct service *s)
{
    if (s->feeding)
        uv_close((uv_handle_t *)&s->feed, NULL);
    s->feeding = false;
    if (s->socket >= 0)
        close(s->socket);
    s->socket = -1;
}
