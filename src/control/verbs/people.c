/* SPDX-License-Identifier: Apache-2.0 */
/* Names of users. The system may ask a directory on the network for them, so that is never done on the loop. */
#include <pwd.h>
#include <stdio.h>

#include "control/verbs/parts.h"

static void look_up(struct work *work)
{
    struct person *p = (struct person *)work;
    struct passwd entry, *found = NULL;
    char texts[4096];
    if (getpwuid_r(p->uid, &entry, texts, sizeof texts, &found) == 0 && found)
        snprintf(p->name, sizeof p->name, "%s", found->pw_name);
    else
        snprintf(p->name, sizeof p->name, "%ld", (long)p->uid);
}

static void looked_up(struct work *work)
{
    struct person *p = (struct person *)work;
    p->known(p);
}

void person_look_up(uv_loop_t *loop, struct person *p, const struct control_request *request,
                    void (*known)(struct person *person))
{
    struct control_peer peer = control_request_peer(request);
    p->uid = peer.uid;
    p->number = peer.name ? CONTROL_NAMED_UID : (int64_t)peer.uid;
    p->known = known;
    if (peer.name) {
        snprintf(p->name, sizeof p->name, "%s", peer.name);
        known(p);
        return;
    }
    work_start(loop, &p->work, look_up, looked_up);
}
