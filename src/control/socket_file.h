/* SPDX-License-Identifier: Apache-2.0 */
/* The socket's file: made so that nobody else ever reaches it, and replaced where its daemon has died. All of this
 * blocks for some calls of the file system. */
#ifndef MPIJOBD_CONTROL_SOCKET_FILE_H
#define MPIJOBD_CONTROL_SOCKET_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct control_socket {
    int fd;   /* listens; the caller closes it */
    int lock; /* of PATH.lock, held as long as the socket is ours */
    char *path;
    dev_t device;
    ino_t inode;
};

/* As control_open says. all: everybody reaches it (mode 0666), else its owner alone. */
int control_socket_listen(const char *path, bool all, struct control_socket *socket, struct error *err);
/* Removes the socket, if it is still the same, and gives the lock back. */
void control_socket_leave(struct control_socket *socket);

#define CONTROL_BACKLOG 512 /* connections that come at once */
/* A connection to the socket, without O_NONBLOCK. Waits up to CONTROL_CONNECT_MS for a daemon that is busy.
 * ERR_NOT_FOUND: there is no socket; ERR_UNREACHABLE: no daemon listens there any more; ERR_TIMEOUT: it does not take
 * the connection in time; ERR_REFUSED: it is not ours to ask, or is neither our user's nor root's and stands where
 * others than its user and root may write; ERR_INVALID: no socket; ERR_IO. */
#define CONTROL_CONNECT_MS 5000
int control_socket_connect(const char *path, int *fd, struct error *err);

#endif
