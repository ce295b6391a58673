/* SPDX-License-Identifier: Apache-2.0 */
/* What the policies have to be allowed, asked of the server: one line for each resource in each place. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/doctor/doctor_question.h"
#include "mpijob/dialect.h"

static struct permission asked_for(const struct question *q)
{
    unsigned bit = (unsigned)__builtin_ctz(q->verb);
    if (q->other)
        return (struct permission){.group = q->other->group, .resource = q->other->resource, .verb = needs_verb(bit)};
    return permission_of(q->kind, bit);
}

/* Jobs are a kind of job, and launchers too: both may need the same verb. */
static bool is_told(const struct question *q, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (q[k].allowed == q[i].allowed && strcmp(asked_for(&q[k]).verb, asked_for(&q[i]).verb) == 0)
            return true;
    }
    return false;
}

/* One line: the count answers about one resource in one place. */
static void tell_place(struct doctor *d, const struct question *q, size_t count)
{
    struct buf allowed = BUF_INIT, denied = BUF_INIT;
    const struct error *err = NULL;
    for (size_t i = 0; i < count; i++) {
        struct buf *to = q[i].allowed ? &allowed : &denied;
        if (!is_told(q, i))
            buf_printf(to, "%s%s", to->len ? ", " : "", asked_for(&q[i]).verb);
        err = q[i].error.code ? &q[i].error : err;
    }
    struct permission p = asked_for(q);
    char resource[320];
    snprintf(resource, sizeof resource, "%s%s%s", p.resource, *p.group ? "." : "", p.group);
    const char *where = q->name_space ? "namespace " : "all namespaces", *name = q->name_space ? q->name_space : "";
    bool named = mpijob_dialect(cluster_target(d->s.cluster, KIND_MPIJOB))->server->namespaced_only;
    if (named && !q->name_space)
        doctor_say(d, DOCTOR_FAILED, "name them: `namespaces:` in mpijobd.yaml, match.namespace in the policies, or -n",
                   "in all namespaces: CCI lists and watches within a namespace only");
    else if (err)
        doctor_say(d, DOCTOR_WARNING, "`kubectl auth can-i --list` may show more",
                   "in %s%s: the server cannot be asked: %s", where, name, err->message);
    else if (denied.len && q->verb & MAY_TELL)
        doctor_say(d, DOCTOR_WARNING,
                   "allow it (`mpijobd rbac PATH...` prints the role), or set `events: false` in mpijobd.yaml",
                   "in %s%s: may not %s %s, so kubectl describe does not show what policies change", where, name,
                   denied.ptr, resource);
    else if (denied.len)
        doctor_say(
            d, DOCTOR_FAILED,
            q->name_space
                ? "`mpijobd rbac PATH...` prints the roles that are needed"
                : "`mpijobd rbac PATH...` prints the role that is needed; or name the namespaces that are allowed: "
                  "`namespaces:` in mpijobd.yaml, or -n",
            "in %s%s: may not %s %s%s%s%s", where, name, denied.ptr, resource, allowed.len ? " (may " : "",
            allowed.len ? allowed.ptr : "", allowed.len ? ")" : "");
    else
        doctor_say(d, DOCTOR_OK, NULL, "in %s%s: may %s %s", where, name, allowed.ptr ? allowed.ptr : "do nothing with",
                   resource);
    buf_free(&allowed);
    buf_free(&denied);
}

static void tell_places(struct doctor *d, const struct question *questions, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t n = 1;
        struct permission first = asked_for(&questions[i]), p;
        while (i + n < count && questions[i + n].name_space == questions[i].name_space &&
               (p = asked_for(&questions[i + n]), strcmp(p.resource, first.resource) == 0) &&
               strcmp(p.group, first.group) == 0)
            n++;
        tell_place(d, &questions[i], n);
        i += n;
    }
}

/* The definition shows which controller acts on v1 jobs; nothing else needs it. */
static void tell_definition(struct doctor *d, const struct question *q)
{
    struct mpijob_target target = cluster_target(d->s.cluster, KIND_MPIJOB);
    bool needed = cluster_ready(d->s.cluster) && mpijob_dialect(target)->open;
    if (q->allowed)
        doctor_say(d, DOCTOR_OK, NULL, "may get the definition mpijobs.kubeflow.org");
    else
        doctor_say(
            d, needed ? DOCTOR_WARNING : DOCTOR_OK,
            needed ? "allow it (`mpijobd rbac` has the rule as a comment), or set cluster.controller in mpijobd.yaml"
                   : NULL,
            "may not get the definition mpijobs.kubeflow.org, which is %s",
            needed ? "how the controller is found out" : "not needed here");
}

static void connected(void *data, const struct error *err)
{
    struct session *s = data;
    error_clear(&s->error);
    if (err)
        s->error = *err;
    s->flag = true;
}

static void find_versions(struct doctor *d)
{
    cluster_connect(d->s.cluster, connected, &d->s);
    session_wait(&d->s);
}

/* The permissions on the kind of object that launchers are not, once the version is known. */
static unsigned other_launchers(const struct doctor *d)
{
    if (!cluster_ready(d->s.cluster))
        return 0;
    const struct mpijob_child *child = mpijob_dialect(cluster_target(d->s.cluster, KIND_MPIJOB))->reader->child;
    if (!child)
        return 0;
    return strcmp(child->plural, "pods") == 0 ? MAY_GET_JOB | MAY_PATCH_JOB : MAY_GET_POD | MAY_PATCH_POD;
}

/* What plugins say that they need of other kinds of object. */
static size_t ask_plugins(struct doctor *d, struct question *questions, size_t *waiting)
{
    size_t count = 0;
    for (size_t i = 0; i < d->needs.plugin_count; i++) {
        const struct needs_other *o = &d->needs.plugins[i];
        for (unsigned bit = 0; needs_verb(bit); bit++) {
            if (!(o->verbs & 1u << bit))
                continue;
            questions[count] = (struct question){
                .d = d, .waiting = waiting, .name_space = o->name_space, .other = o, .verb = 1u << bit};
            question_review(&questions[count++], needs_verb(bit), o->group, o->resource, NULL);
        }
    }
    return count;
}

bool doctor_permissions(struct doctor *d)
{
    size_t waiting = 0, count = 0;
    doctor_read_policies(d);
    const struct needs *needs = &d->needs;
    struct question *all = calloc((needs->count + needs->plugin_count) * PERMISSIONS + 1, sizeof *all), *last;
    if (!all) {
        doctor_say(d, DOCTOR_FAILED, NULL, "out of memory");
        return true;
    }
    find_versions(d);
    waiting++;                                      /* until all are asked */
    unsigned other = other_launchers(d), asked = 0; /* asked: there, of other kinds than jobs */
    for (size_t i = 0; i < needs->count; i++) {
        bool launcher = mpijob_kind_info(needs->places[i].kind)->child == CHILD_LAUNCHER;
        unsigned verbs = needs->places[i].verbs & ~(launcher ? other : 0);
        if (i && needs_same_place(&needs->places[i - 1], &needs->places[i]))
            verbs &= ~asked;
        else
            asked = 0;
        asked |= verbs & ~MAY_OF_A_KIND;
        for (unsigned v = 0; v < PERMISSIONS; v++) {
            if (!(verbs & 1u << v))
                continue;
            struct permission p = permission_of(needs->places[i].kind, v);
            all[count] = (struct question){.d = d,
                                           .waiting = &waiting,
                                           .name_space = needs->places[i].name_space,
                                           .kind = needs->places[i].kind,
                                           .verb = 1u << v};
            question_review(&all[count++], p.verb, p.group, p.resource, NULL);
        }
    }
    count += ask_plugins(d, all + count, &waiting);
    last = &all[count];
    *last = (struct question){.d = d, .waiting = &waiting};
    question_review(last, "get", "apiextensions.k8s.io", "customresourcedefinitions", "mpijobs.kubeflow.org");
    waiting--;
    question_wait(d, &waiting);
    if (!count)
        doctor_say(d, DOCTOR_OK, NULL, "the policies use no jobs here, and need nothing");
    tell_places(d, all, count);
    tell_definition(d, last);
    free(all);
    doctor_lead(d);
    return true;
}
