/* SPDX-License-Identifier: Apache-2.0 */
/* Who connects, as the kernel says, and whether that one may ask. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/parts.h"

#define REFUSED_EVERY 60000 /* ms between two lines of the log about strangers */

static void tell_refused(struct control *c, const struct control_peer *peer)
{
    char uid[24], pid[24];
    uint64_t now = uv_now(c->loop);
    if (c->refused++ && now - c->refused_told < REFUSED_EVERY)
        return;
    snprintf(uid, sizeof uid, "%ld", (long)peer->uid);
    snprintf(pid, sizeof pid, "%ld", (long)peer->pid);
    log_event(c->o.log, LOG_WARN, "another user was refused at the control socket",
              LOG_FIELDS(LOG_JSON_FIELD("uid", uid), LOG_JSON_FIELD("pid", pid)));
    c->refused_told = now;
}

/* Without memory, or where the kernel does not tell, it is in none: that admits nobody. */
static void read_groups(int fd, struct control_peer *peer)
{
    socklen_t size = 0;
    gid_t *groups = NULL;
    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size); /* ERANGE, and the size that is needed */
    if (size)
        groups = malloc(size);
    if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
        peer->groups = groups;
        peer->group_count = size / sizeof *groups;
    } else {
        free(groups);
    }
}

bool control_peer_take(struct control_connection *k)
{
    struct control *c = k->control;
    struct ucred peer;
    socklen_t size = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&k->pipe, &fd) || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
        return false;
    k->peer = (struct control_peer){.uid = peer.uid, .gid = peer.gid, .pid = peer.pid};
    if (peer.uid == 0 || peer.uid == geteuid())
        return true;
    k->peer.guest = true;
    c->guest_count++;
    read_groups(fd, &k->peer);
    if (c->o.admits && c->o.admits(c->o.data, &k->peer))
        return true;
    tell_refused(c, &k->peer);
    return false;
}

void control_peer_free(struct control_peer *peer)
{
    free((gid_t *)(uintptr_t)peer->groups);
}
