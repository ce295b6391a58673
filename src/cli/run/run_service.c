/* SPDX-License-Identifier: Apache-2.0 */
/* The words for the service manager. */
#include "cli/run/run_service.h"

#include <stdio.h>

void run_service_ready(struct run_service *r)
{
    char status[96];
    const struct policy_set *set = engine_policies(r->s->engine);
    size_t policies = set ? set->count : 0;
    snprintf(status, sizeof status, "%zu polic%s in force", policies, policies == 1 ? "y" : "ies");
    service_ready(&r->service, status);
}

static void told(struct reload_wait *wait, const struct policy_set *set, const struct reload_changes *changes)
{
    struct run_service *r = wait->data;
    (void)changes;
    r->reloading = false;
    if (!r->s->engine || engine_look(r->s->engine).stopping)
        return;
    if (set && set->error_count)
        service_ready(&r->service, "the policies as they were: the last reload found mistakes, which the log tells");
    else
        run_service_ready(r);
}

void run_service_reload(struct run_service *r)
{
    if (r->reloading) { /* one more after it, about which the wait hears nothing */
        engine_reload(r->s->engine);
        return;
    }
    r->reloading = true;
    r->reload = (struct reload_wait){.told = told, .data = r};
    service_reloading(&r->service, "the policies are loaded again");
    engine_reload_and_tell(r->s->engine, &r->reload);
}

void run_service_stopping(struct run_service *r)
{
    service_stopping(&r->service, "stopping: what is in flight is finished first");
}
