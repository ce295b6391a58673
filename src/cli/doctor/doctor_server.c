/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says: its clock, who we are to it, which kinds of job it serves, and under which controller. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/doctor/doctor_question.h"
#include "engine/engine.h"
#include "mpijob/dialect.h"
#include "policy/in_force.h"
#include "time/duration.h"

#define SKEW_NOTED 5   /* seconds */
#define SKEW_FATAL 300 /* Kubernetes' tokens and signed requests are refused beyond some minutes */

/* The Date header is cut to a second: a difference below that says nothing. */
bool doctor_clock(struct doctor *d)
{
    static const char cure[] =
        "let a time service (chrony, systemd-timesyncd) set the clock; certificates, tokens and schedules go by it";
    const struct probe *p = &d->probe;
    char text[32];
    if (p->reach < PROBE_ANSWERED) {
        doctor_say(d, DOCTOR_FAILED, "is it an API server, and is it well?", "the server does not answer: %s",
                   p->timeout ? "the time is up" : p->detail);
        return false;
    }
    if (!p->date) {
        doctor_say(d, DOCTOR_WARNING, NULL, "the server's answers carry no date, so the clocks cannot be compared");
        return true;
    }
    int64_t ahead = p->received - p->date * CLOCK_SECOND;
    ahead = ahead > CLOCK_SECOND ? ahead - CLOCK_SECOND : ahead > 0 ? 0 : ahead;
    int64_t skew = ahead < 0 ? -ahead : ahead;
    duration_format(skew / CLOCK_SECOND * CLOCK_SECOND, true, text);
    if (skew > SKEW_NOTED * CLOCK_SECOND)
        doctor_say(d, skew > SKEW_FATAL * CLOCK_SECOND ? DOCTOR_FAILED : DOCTOR_WARNING, cure,
                   "this machine's clock is %s %s the server's", text, ahead < 0 ? "behind" : "ahead of");
    else
        doctor_say(d, DOCTOR_OK, NULL, "the server's and this machine's agree");
    return true;
}

/* ---- credentials ---- */

static const char *how(const struct kube_config *c)
{
    return c->token_file                               ? "the token file"
           : c->access_key_file                        ? "the access key"
           : c->iam                                    ? "the IAM's token"
           : c->exec                                   ? "the exec plugin"
           : c->token.len                              ? "the token"
           : c->username                               ? "the password"
           : c->certificate.len || c->certificate_file ? "the client certificate"
                                                       : "no credentials";
}

static bool refused(struct doctor *d, const struct question *q)
{
    const struct kube_config *c = d->s.kube_config;
    char cure[300];
    snprintf(cure, sizeof cure, "get new credentials for %.200s", c->origin);
    doctor_say(d, DOCTOR_FAILED, c->token_file ? "is the token file still renewed, and of this cluster?" : cure,
               "401: the server does not accept %s; expired, revoked, or of another cluster", how(c));
    (void)q;
    return false;
}

/* The server accepts the credentials, and does not allow the question. Its message has the user's name: User "view"
 * cannot ... */
static bool forbidden(struct doctor *d, const struct question *q)
{
    if (strstr(q->error.message, "system:anonymous")) {
        doctor_say(d, DOCTOR_FAILED, "the context's user in the kubeconfig needs a token or a client certificate",
                   "403: the server takes us for an anonymous user (system:anonymous), with %s", how(d->s.kube_config));
        return false;
    }
    doctor_say(d, DOCTOR_WARNING, "the group system:authenticated usually has the role system:basic-user",
               "403: accepted, but not allowed to ask the server about itself");
    return true;
}

/* Servers before 1.28 and some clouds have no SelfSubjectReview. Any answer to a harmless question will do. */
static bool ask_harmless(struct doctor *d)
{
    size_t waiting = 0;
    struct question q = {.d = d, .waiting = &waiting};
    question_ask(&q, "GET", "/apis/kubeflow.org", (struct str){0});
    question_wait(d, &waiting);
    if (q.status == 401)
        return refused(d, &q);
    if (q.status == 403)
        return forbidden(d, &q);
    if (q.error.code && q.status != 404) {
        doctor_say(d, DOCTOR_FAILED, NULL, "%s", q.error.message);
        return false;
    }
    doctor_say(d, DOCTOR_OK, NULL, "accepted (%s)", how(d->s.kube_config));
    return true;
}

bool doctor_credentials(struct doctor *d)
{
    static const char body[] = "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}";
    size_t waiting = 0;
    struct question q = {.d = d, .waiting = &waiting};
    if (!d->s.cluster) {
        doctor_say(d, DOCTOR_FAILED, NULL, "%s", d->s.error.message);
        return false;
    }
    question_ask(&q, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", str_of(body));
    question_wait(d, &waiting);
    if (q.status == 401)
        return refused(d, &q);
    if (q.status == 403)
        return forbidden(d, &q);
    if (q.status == 404 || q.status == 405)
        return ask_harmless(d);
    if (q.error.code) {
        doctor_say(d, DOCTOR_FAILED, NULL, "%s", q.error.message);
        return false;
    }
    bool anonymous = strcmp(q.user, "system:anonymous") == 0;
    doctor_say(d, anonymous ? DOCTOR_FAILED : DOCTOR_OK,
               anonymous ? "the context's user in the kubeconfig needs a token or a client certificate" : NULL,
               "the server knows us as %s (%s)", *q.user ? q.user : "a user without a name", how(d->s.kube_config));
    return !anonymous;
}

/* ---- versions ---- */

/* Of the other kinds than MPIJob only those that the policies are about. */
static bool kind_needed(const struct needs *needs, const struct mpijob_kind *kind)
{
    bool needed = false, others = false;
    for (size_t i = 0; i < needs->count; i++) {
        needed = needed || needs->places[i].kind == kind;
        others = others || needs->places[i].kind != KIND_MPIJOB;
    }
    return needed || (kind == KIND_MPIJOB && !others);
}

/* The kind of a plugin that has the index, as far as the policies are about it. */
static const struct mpijob_kind *added_at(const struct needs *needs, size_t index)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (mpijob_kind_index(needs->places[i].kind) == index)
            return needs->places[i].kind;
    }
    return NULL;
}

static const char *group_of(const struct mpijob_kind *kind)
{
    return *kind->group ? kind->group : "the server";
}

/* Kinds whose versions are not looked up when the cluster is connected to are asked for here. */
static bool is_lacked(struct doctor *d, const struct mpijob_kind *kind)
{
    char path[400];
    size_t waiting = 0;
    struct question q = {.d = d, .waiting = &waiting};
    snprintf(path, sizeof path, "/apis/%.200s/%.100s", kind->group,
             mpijob_target_version(cluster_target(d->s.cluster, kind)));
    if (!*kind->group)
        return false;
    question_ask(&q, "GET", path, (struct str){0});
    question_wait(d, &waiting);
    return q.status == 404;
}

/* Policies that have no kind left. lacked: kinds, as bits by their index. */
static void tell_useless(struct doctor *d, uint64_t lacked)
{
    const struct policy_set *set = d->s.engine && !d->policy_error_count ? engine_policies(d->s.engine) : NULL;
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (!p->kinds.count || (policy_kinds_bits(&p->kinds) & ~lacked) || !policy_in_force(p, d->s.cluster))
            continue;
        doctor_say(d, DOCTOR_FAILED, "install what defines its kind, or take the policy away",
                   "policy %s can act on nothing: the server has none of its kinds", p->name);
    }
}

bool doctor_versions(struct doctor *d)
{
    const struct session *s = &d->s;
    uint64_t lacked = 0;
    if (!cluster_ready(s->cluster)) {
        doctor_say(d, DOCTOR_FAILED, "is the operator's definition (CRD) of MPIJobs installed?", "%s",
                   s->error.message);
        return false;
    }
    for (size_t i = 0; i < MPIJOB_KINDS_MOST; i++) {
        const struct mpijob_kind *kind = i < MPIJOB_KINDS_BUILT_IN ? mpijob_kind_at(i) : added_at(&d->needs, i);
        const char *name = mpijob_kind_info(kind)->name;
        struct error err;
        if (!kind || !kind_needed(&d->needs, kind))
            continue;
        if (cluster_serves(s->cluster, kind, &err))
            doctor_say(d, DOCTOR_FAILED, NULL, "%s", err.message);
        else if (mpijob_kind_described(kind) && is_lacked(d, kind)) {
            lacked |= UINT64_C(1) << i;
            doctor_say(d, DOCTOR_WARNING, NULL, "the server does not have %ss: no %s %s", name, group_of(kind),
                       mpijob_target_version(cluster_target(s->cluster, kind)));
        } else if (mpijob_kind_described(kind))
            doctor_say(d, DOCTOR_OK, NULL, "%ss of %s are asked for as %s%s%s", name, group_of(kind),
                       mpijob_target_version(cluster_target(s->cluster, kind)),
                       mpijob_kind_added(kind) ? ", as the plugin says" : "",
                       *kind->group ? "" : "; the server was not asked whether it has them");
        else
            doctor_say(d, DOCTOR_OK, NULL, "%s serves %ss as %s; %s is used", group_of(kind), name,
                       cluster_versions(s->cluster, kind), mpijob_target_version(cluster_target(s->cluster, kind)));
    }
    tell_useless(d, lacked); /* the other checks are about the cluster, and go on */
    return true;
}

static const char *controller_by(const struct cluster *cluster)
{
    static const char *const words[][2] = {
        {"configured", "as configured"},
        {"server", "found out by the server's name"},
        {"version", "found out by the version"},
        {"definition", "found out by the definition's schema"},
        {"status", "found out by what it wrote into jobs' status"},
        {"pods", "found out by the labels of its pods"},
    };
    const char *by = cluster_controller_by(cluster);
    for (size_t i = 0; by && i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i][0], by) == 0)
            return words[i][1];
    }
    return "found out";
}

bool doctor_controller(struct doctor *d)
{
    struct session *s = &d->s;
    struct mpijob_target target = cluster_target(s->cluster, KIND_MPIJOB);
    if (target.controller == CONTROLLER_UNKNOWN && !mpijob_dialect(target)->open)
        doctor_say(d, DOCTOR_WARNING, "set cluster.controller in mpijobd.yaml",
                   "not known, and there is no way here to find out which one acts on MPIJobs of %s",
                   mpijob_target_version(target));
    else if (target.controller == CONTROLLER_UNKNOWN)
        doctor_say(
            d, DOCTOR_WARNING,
            "set cluster.controller in mpijobd.yaml, or allow reading the definition (`mpijobd rbac` has the rule)",
            "not found out, neither by the definition nor by what jobs and pods show: two controllers serve v1, and "
            "where they differ a change's effect is unknown");
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s, %s", mpijob_controller_name(target.controller), controller_by(s->cluster));
    return true;
}
