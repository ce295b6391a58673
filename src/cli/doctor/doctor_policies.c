/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the policies: whether they are right, and what they need. */
#include <stdio.h>

#include "cli/doctor/doctor.h"
#include "cli/session/policies.h"
#include "policy/in_force.h"

static void loaded(void *data, const struct policy_set *set)
{
    struct doctor *d = data;
    struct session *s = &d->s;
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *e = &set->errors[i];
        char line[16] = "";
        if (e->line)
            snprintf(line, sizeof line, ":%d", e->line);
        buf_printf(&d->policy_errors, "%s%s%s: %s", i ? "; " : "", e->file, line, e->message);
    }
    d->policy_error_count = set->error_count;
    d->policy_count = set->count;
    s->flag = true;
}

static void read_set(struct doctor *d, const char *const *paths)
{
    struct session *s = &d->s;
    struct engine_options e = {.once = true};
    policies_basics(s, &e);
    error_clear(&s->error);
    if (engine_new(&e, &s->engine, &s->error) || engine_load(s->engine, paths, loaded, d, &s->error)) {
        d->policy_error_count = 1;
        buf_puts(&d->policy_errors, s->error.message);
        return;
    }
    session_wait(s);
    uv_run(&s->loop, UV_RUN_NOWAIT); /* the engine takes the set over when `loaded` has returned */
}

void doctor_read_policies(struct doctor *d)
{
    struct session *s = &d->s;
    char **paths = s->options.arguments[0] ? s->options.arguments : s->config.policies;
    if (d->policies_read)
        return;
    d->policies_named = paths && paths[0];
    if (d->policies_named && !s->engine) {
        const char *check = d->check;
        doctor_watch(d, "policies");
        read_set(d, (const char *const *)paths);
        doctor_watch(d, check);
    }
    const char *cluster = s->cluster ? cluster_name(s->cluster) : NULL;
    const char *const *scope = (const char *const *)s->namespaces;
    bool good = s->engine && engine_policies(s->engine) && d->policy_count && !d->policy_error_count;
    if (!good || needs_of_policies(&d->needs, engine_policies(s->engine), s->config.events, cluster, scope, &s->error))
        needs_of_daemon(&d->needs, s->config.events, scope, &s->error);
    for (size_t i = 0; s->cluster && i < d->needs.count; i++)
        cluster_add_kind(s->cluster, d->needs.places[i].kind);
    d->policies_read = true;
}

void doctor_tell_aside(struct doctor *d)
{
    const struct policy_set *set = d->s.engine && !d->policy_error_count ? engine_policies(d->s.engine) : NULL;
    const char *check = d->check;
    struct error err;
    d->check = "policies";
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (policy_stand(p, d->s.cluster, &err) == POLICY_ASIDE)
            doctor_say(d, DOCTOR_WARNING, "it comes in force by itself when a version is served that has it",
                       "%s is not in force on cluster %s: %s", p->name, cluster_name(d->s.cluster), err.message);
    }
    d->check = check;
}

bool doctor_policies(struct doctor *d)
{
    doctor_read_policies(d);
    if (!d->policies_named)
        doctor_say(d, DOCTOR_OK, NULL, "no policies are named here or in the configuration, so none were checked");
    else if (d->policy_error_count)
        doctor_say(d, DOCTOR_FAILED, "`mpijobd check PATH...` shows them line by line", "%zu error%s: %s",
                   d->policy_error_count, d->policy_error_count == 1 ? "" : "s",
                   d->policy_errors.ptr ? d->policy_errors.ptr : "");
    else if (!d->policy_count)
        doctor_say(d, DOCTOR_FAILED, "a policy file calls policy { ... }", "the files define no policy");
    else
        doctor_say(d, DOCTOR_OK, NULL, "%zu %s", d->policy_count,
                   d->policy_count == 1 ? "policy loads" : "policies load");
    return true;
}
