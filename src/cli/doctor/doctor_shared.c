/* SPDX-License-Identifier: Apache-2.0 */
/* The state that daemons with a leader election share: whether its ConfigMaps may be used. */
#include <stdio.h>
#include <string.h>

#include "cli/doctor/doctor_question.h"
#include "cli/session/lead_place.h"
#include "shared/shared_form.h"

void doctor_shared(struct doctor *d, const struct lead_place *place)
{
    static const char *const verbs[] = {"get", "list", "create", "update", "delete"};
    struct question q[sizeof verbs / sizeof *verbs];
    struct buf denied = BUF_INIT;
    const struct error *err = NULL;
    bool blind = false; /* get or list are denied, by which commands read what is paused */
    size_t waiting = 1;
    if (d->s.config.lead.own_state)
        return;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        q[i] = (struct question){.d = d, .waiting = &waiting, .name_space = place->name_space};
        question_review(&q[i], verbs[i], "", "configmaps", NULL);
    }
    waiting--;
    question_wait(d, &waiting);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        err = q[i].error.code ? &q[i].error : err;
        blind = blind || (!q[i].allowed && i < 2);
        if (!q[i].allowed)
            buf_printf(&denied, "%s%s", denied.len ? ", " : "", verbs[i]);
    }
    if (err)
        doctor_say(d, DOCTOR_WARNING, "`kubectl auth can-i --list` may show more", "the server cannot be asked: %s",
                   err->message);
    else if (denied.len)
        doctor_say(d, DOCTOR_FAILED, "`mpijobd rbac PATH...` prints the role that is needed",
                   "may not %s ConfigMaps in %s, where the daemons keep the state that they share: a leader would not "
                   "act%s%s",
                   denied.ptr, place->name_space,
                   d->s.config.lead.shards ? "" : " (leader_election: { state: file } does without)",
                   blind ? ", and run --once, plan and next would not know what is paused" : "");
    else
        doctor_say(d, DOCTOR_OK, NULL, "may keep the state that the daemons share in ConfigMap %s/%s%s%s and others",
                   place->name_space, place->name, d->s.config.lead.shards ? "-0" : "", SHARED_ENDING);
    buf_free(&denied);
}
