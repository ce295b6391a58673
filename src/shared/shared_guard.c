/* SPDX-License-Identifier: Apache-2.0 */
/* A head that a person has deleted or edited while there was nothing to write: the next daemon would begin without what
 * was remembered, and do everything again. So it is looked at, and put right by the next write. */
#include <string.h>

#include "kube/verbs.h"
#include "shared/shared_parts.h"

#define LOOK_EVERY_MS 10000

static void seen(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct shared *s = data;
    char version[sizeof s->version] = "";
    (void)request;
    (void)lost;
    s->looking = NULL;
    if (s->phase != SHARED_HERE || s->closing) {
        shared_check_closed(s);
        return;
    }
    if (answer)
        json_string_at(answer->body, "/metadata/resourceVersion", version, sizeof version);
    if (s->busy || (!answer && (err->code != ERR_NOT_FOUND || err->no_path)) || strcmp(version, s->version) == 0)
        return;
    s->look = s->must = s->hurry = true;
    shared_pump(s);
}

void shared_guard_rang(struct deadline *d)
{
    struct shared *s = d->data;
    struct error err;
    deadline_set(d, LOOK_EVERY_MS);
    if (s->phase != SHARED_HERE || s->busy || s->closing || s->looking)
        return;
    if (shared_get_head(s, seen, s, &s->looking, &err))
        s->looking = NULL; /* tried again at the next time */
}

void shared_guard_start(struct shared *s)
{
    deadline_set(&s->guard, LOOK_EVERY_MS);
}

void shared_guard_stop(struct shared *s)
{
    deadline_stop(&s->guard);
    if (s->looking)
        kube_cancel(s->looking);
}
