/* What the server says: its clock, who we are to it, what we may do, which MPIJobs it serves. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/doctor/doctor.h"
#include "time/duration.h"
#include "json/write.h"

#define SKEW_NOTED 5   /* seconds */
#define SKEW_FATAL 300 /* Kubernetes' tokens and signed requests are refused beyond some minutes */

/* The Date header is cut to a second: within that one nobody is wrong. */
bool doctor_clock(struct doctor *d)
{
    static const char cure[] =
        "let a time service (chrony, systemd-timesyncd) set the clock; certificates, tokens and schedules go by it";
    const struct probe *p = &d->probe;
    char text[32];
    if (p->reach < PROBE_ANSWERED) {
        doctor_say(d, DOCTOR_FAILED, "is it an API server, and is it well?", "the server gives no answer: %s",
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

/* ---- questions ---- */

struct question {
    struct doctor *d;
    size_t *waiting;
    const char *name_space; /* of a review; NULL: all */
    enum mpijob_kind kind;  /* ... of a review */
    unsigned verb;          /* its bit */
    int status;             /* 0: no answer */
    bool allowed;
    char user[256];
    struct error error; /* code 0: answered */
};

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct question *q = data;
    (void)request, (void)lost;
    if (answer) {
        q->status = answer->status;
        q->allowed = json_is_true(json_at(answer->body, "/status/allowed"));
        json_string_at(answer->body, "/status/userInfo/username", q->user, sizeof q->user);
    } else {
        q->status = err->status;
        q->error = *err;
    }
    if (--*q->waiting == 0)
        q->d->s.flag = true;
}

/* Its answer comes with ask_wait. */
static void ask(struct question *q, const char *method, const char *path, struct str body)
{
    struct doctor *d = q->d;
    struct kube_call call = {
        .method = method, .path = path, .body = body, .timeout_ms = d->timeout_ms, .done = came, .data = q};
    ++*q->waiting;
    if (kube_send(cluster_kube(d->s.cluster), &call, NULL, &q->error) && --*q->waiting == 0)
        d->s.flag = true;
}

static void ask_wait(struct doctor *d, const size_t *waiting)
{
    if (*waiting) {
        d->s.flag = false;
        session_wait(&d->s);
    }
    d->s.flag = false;
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

/* The server knows who we are, and does not let us ask it. The user's name stands in its message: User "view" cannot
 * ... */
static bool forbidden(struct doctor *d, const struct question *q)
{
    if (strstr(q->error.message, "system:anonymous")) {
        doctor_say(d, DOCTOR_FAILED, "the context's user in the kubeconfig needs a token or a client certificate",
                   "403: to the server we are nobody (system:anonymous), with %s", how(d->s.kube_config));
        return false;
    }
    doctor_say(d, DOCTOR_WARNING, "the group system:authenticated usually has the role system:basic-user",
               "403: accepted, but not allowed to ask the server about itself");
    return true;
}

/* Servers before 1.28 and some clouds know no SelfSubjectReview: any answer to a harmless question will do. */
static bool ask_harmless(struct doctor *d)
{
    size_t waiting = 0;
    struct question q = {.d = d, .waiting = &waiting};
    ask(&q, "GET", "/apis/kubeflow.org", (struct str){0});
    ask_wait(d, &waiting);
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
    ask(&q, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", str_of(body));
    ask_wait(d, &waiting);
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
    bool nobody = strcmp(q.user, "system:anonymous") == 0;
    doctor_say(d, nobody ? DOCTOR_FAILED : DOCTOR_OK,
               nobody ? "the context's user in the kubeconfig needs a token or a client certificate" : NULL,
               "to the server we are %s (%s)", *q.user ? q.user : "somebody", how(d->s.kube_config));
    return !nobody;
}

/* ---- permissions ---- */

static void ask_review(struct question *q, const char *verb, const char *group, const char *resource, const char *name)
{
    struct buf body = BUF_INIT;
    struct json_writer w;
    const char *const pairs[][2] = {
        {"verb", verb}, {"group", group}, {"resource", resource}, {"name", name}, {"namespace", q->name_space}};
    json_writer_init(&w, &body);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "authorization.k8s.io/v1");
    json_write_key(&w, "kind");
    json_write_string(&w, "SelfSubjectAccessReview");
    json_write_key(&w, "spec");
    json_write_object(&w);
    json_write_key(&w, "resourceAttributes");
    json_write_object(&w);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!pairs[i][1])
            continue;
        json_write_key(&w, pairs[i][0]);
        json_write_string(&w, pairs[i][1]);
    }
    json_write_end(&w);
    json_write_end(&w);
    json_write_end(&w);
    if (body.failed)
        error_nomem(&q->error);
    else
        ask(q, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", buf_str(&body));
    buf_free(&body);
}

static struct permission asked_for(const struct question *q)
{
    return permission_of(q->kind, (unsigned)__builtin_ctz(q->verb));
}

/* The answers about one resource in one place, of which there are `count`. */
static void tell_place(struct doctor *d, const struct question *q, size_t count)
{
    struct buf allowed = BUF_INIT, denied = BUF_INIT;
    const struct error *err = NULL;
    for (size_t i = 0; i < count; i++) {
        struct buf *to = q[i].allowed ? &allowed : &denied;
        buf_printf(to, "%s%s", to->len ? ", " : "", asked_for(&q[i]).verb);
        err = q[i].error.code ? &q[i].error : err;
    }
    struct permission p = asked_for(q);
    char resource[80];
    snprintf(resource, sizeof resource, "%s%s%s", p.resource, *p.group ? "." : "", p.group);
    const char *where = q->name_space ? "namespace " : "all namespaces", *name = q->name_space ? q->name_space : "";
    bool cci = cluster_target(d->s.cluster, KIND_MPIJOB).controller == CONTROLLER_CCI;
    if (cci && !q->name_space)
        doctor_say(d, DOCTOR_FAILED, "name them: `namespaces:` in mpijobd.yaml, match.namespace in the policies, or -n",
                   "in all namespaces: CCI lists and watches within a namespace only");
    else if (err)
        doctor_say(d, DOCTOR_WARNING, "`kubectl auth can-i --list` may tell more",
                   "in %s%s: the server cannot be asked: %s", where, name, err->message);
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
        const char *resource = asked_for(&questions[i]).resource;
        while (i + n < count && questions[i + n].name_space == questions[i].name_space &&
               strcmp(asked_for(&questions[i + n]).resource, resource) == 0)
            n++;
        tell_place(d, &questions[i], n);
        i += n;
    }
}

/* The definition tells which controller acts on v1 jobs; nothing else needs it. */
static void tell_definition(struct doctor *d, const struct question *q)
{
    struct mpijob_target target = cluster_target(d->s.cluster, KIND_MPIJOB);
    bool needed = cluster_ready(d->s.cluster) && target.version == MPIJOB_V1 && target.controller == CONTROLLER_UNKNOWN;
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

bool doctor_permissions(struct doctor *d)
{
    size_t waiting = 0, count = 0;
    doctor_read_policies(d);
    const struct needs *needs = &d->needs;
    struct question *all = calloc(needs->count * PERMISSIONS + 1, sizeof *all), *last;
    if (!all) {
        doctor_say(d, DOCTOR_FAILED, NULL, "out of memory");
        return true;
    }
    find_versions(d);
    waiting++; /* until all are asked */
    /* Which kind of object the launchers are is known now. */
    bool pods = cluster_ready(d->s.cluster) && cluster_target(d->s.cluster, KIND_MPIJOB).version == MPIJOB_V1;
    unsigned other = !cluster_ready(d->s.cluster) ? 0
                     : pods                       ? MAY_GET_JOB | MAY_PATCH_JOB
                                                  : MAY_GET_POD | MAY_PATCH_POD;
    for (size_t i = 0; i < needs->count; i++) {
        for (unsigned v = 0; v < PERMISSIONS; v++) {
            if (!(needs->places[i].verbs & ~other & 1u << v))
                continue;
            struct permission p = permission_of(needs->places[i].kind, v);
            all[count] = (struct question){.d = d,
                                           .waiting = &waiting,
                                           .name_space = needs->places[i].name_space,
                                           .kind = needs->places[i].kind,
                                           .verb = 1u << v};
            ask_review(&all[count++], p.verb, p.group, p.resource, NULL);
        }
    }
    last = &all[count];
    *last = (struct question){.d = d, .waiting = &waiting};
    ask_review(last, "get", "apiextensions.k8s.io", "customresourcedefinitions", "mpijobs.kubeflow.org");
    waiting--;
    ask_wait(d, &waiting);
    if (!count)
        doctor_say(d, DOCTOR_OK, NULL, "the policies use no jobs here, and need nothing");
    tell_places(d, all, count);
    tell_definition(d, last);
    free(all);
    return true;
}

/* ---- versions ---- */

/* Of the kinds beside MPIJob only those that the policies are about. */
static bool kind_needed(const struct needs *needs, enum mpijob_kind kind)
{
    bool needed = false, others = false;
    for (size_t i = 0; i < needs->count; i++) {
        needed = needed || needs->places[i].kind == kind;
        others = others || needs->places[i].kind != KIND_MPIJOB;
    }
    return needed || (kind == KIND_MPIJOB && !others);
}

bool doctor_versions(struct doctor *d)
{
    const struct session *s = &d->s;
    if (!cluster_ready(s->cluster)) {
        doctor_say(d, DOCTOR_FAILED, "is the operator's definition (CRD) of MPIJobs installed?", "%s",
                   s->error.message);
        return false;
    }
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        enum mpijob_kind kind = (enum mpijob_kind)i;
        const char *name = mpijob_kind_info(kind)->name;
        struct error err;
        if (!kind_needed(&d->needs, kind))
            continue;
        if (cluster_serves(s->cluster, kind, &err))
            doctor_say(d, DOCTOR_FAILED, NULL, "%s", err.message);
        else
            doctor_say(d, DOCTOR_OK, NULL, "kubeflow.org serves %ss as %s; %s is used", name,
                       cluster_versions(s->cluster, kind),
                       mpijob_version_name(cluster_target(s->cluster, kind).version));
    }
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
    if (target.controller == CONTROLLER_UNKNOWN)
        doctor_say(
            d, DOCTOR_WARNING,
            "set cluster.controller in mpijobd.yaml, or allow reading the definition (`mpijobd rbac` has the rule)",
            "not found out, neither by the definition nor by what jobs and pods show: two controllers serve v1, and "
            "where they differ a change's effect is unknown");
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s, %s", mpijob_controller_name(target.controller), controller_by(s->cluster));
    return true;
}
