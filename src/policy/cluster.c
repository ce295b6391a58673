#include "policy/cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "json/value.h"

#define GROUP "kubeflow.org"
#define PLURAL "mpijobs"
#define DEFINITION "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mpijobs.kubeflow.org"

struct cluster {
    struct kube *kube;
    const struct log *log;
    char *name, *name_space;
    char *api_version; /* as configured; NULL: choose */
    enum mpijob_controller configured;
    struct kube_resource mpijobs;
    struct mpijob_target target;
    char versions[KUBE_VERSIONS_MAX * 34];
    bool ready, several; /* several: served, and none was configured */
    struct kube_discovery *discovery;
    struct kube_request *probe; /* of the definition's schema */
    cluster_connected done;
    void *data;
    void (*closed)(void *data);
    void *closed_data;
};

int cluster_new(uv_loop_t *loop, const struct cluster_options *options, struct cluster **cluster, struct error *err)
{
    struct cluster *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    c->log = options->log;
    c->configured =
        options->controller != CONTROLLER_UNKNOWN ? options->controller : mpijob_controller_at(options->config->server);
    c->target.gpus = options->gpus;
    c->name = str_dup(str_of(options->name ? options->name : CLUSTER_DEFAULT));
    c->name_space = str_dup(str_of(options->config->name_space));
    bool chosen = options->api_version && strcmp(options->api_version, "auto") != 0;
    if (chosen)
        c->api_version = str_dup(str_of(options->api_version));
    enum mpijob_version version;
    int rc = 0;
    if (!c->name || !c->name_space || (chosen && !c->api_version))
        rc = error_nomem(err);
    else if (chosen && !mpijob_version_parse(str_of(c->api_version), &version))
        rc = error_set(err, ERR_INVALID, "unknown MPIJob version \"%s\": it is one of v1alpha2, v1, v2beta1, auto",
                       c->api_version);
    else
        rc = kube_open(loop, options->config, options->kube, &c->kube, err);
    if (rc) {
        free(c->name);
        free(c->name_space);
        free(c->api_version);
        free(c);
        return rc;
    }
    *cluster = c;
    return 0;
}

static void kube_is_closed(void *data)
{
    struct cluster *c = data;
    void (*closed)(void *) = c->closed;
    void *closed_data = c->closed_data;
    free(c->name);
    free(c->name_space);
    free(c->api_version);
    free(c);
    if (closed)
        closed(closed_data);
}

void cluster_close(struct cluster *c, void (*closed)(void *data), void *data)
{
    c->closed = closed;
    c->closed_data = data;
    cluster_connect_cancel(c);
    kube_close(c->kube, kube_is_closed, c);
}

static void finish(struct cluster *c, const struct error *err)
{
    cluster_connected done = c->done;
    c->done = NULL;
    c->ready = !err;
    if (done)
        done(c->data, err);
}

/* The first version we know in the server's order of preference, or the configured one if it is served. */
static int choose(struct cluster *c, const struct kube_served *served, struct error *err)
{
    size_t n = 0;
    c->versions[0] = '\0';
    for (size_t i = 0; i < served->count; i++) {
        int room = (int)(sizeof c->versions - n);
        int len = snprintf(c->versions + n, (size_t)room, "%s%s", i ? ", " : "", served->versions[i]);
        n += len > 0 && len < room ? (size_t)len : 0;
    }
    size_t known = 0;
    enum mpijob_version any;
    for (size_t i = 0; i < served->count; i++)
        known += mpijob_version_parse(str_of(served->versions[i]), &any);
    c->several = known > 1 && !c->api_version;
    for (size_t i = 0; i < served->count; i++) {
        if (c->api_version && strcmp(c->api_version, served->versions[i]) != 0)
            continue;
        if (mpijob_version_parse(str_of(served->versions[i]), &c->target.version)) {
            c->mpijobs = (struct kube_resource){GROUP, mpijob_version_name(c->target.version), PLURAL};
            return 0;
        }
    }
    if (c->api_version)
        return error_set(err, ERR_NOT_FOUND, "%s does not serve MPIJobs of version %s; it serves %s",
                         kube_server(c->kube), c->api_version, c->versions);
    return error_set(err, ERR_NOT_FOUND, "%s serves MPIJobs only as %s; known here are v1alpha2, v1 and v2beta1",
                     kube_server(c->kube), c->versions);
}

/* training-operator's definition types spec.runPolicy; mpi-operator's v1 leaves the spec open. */
static enum mpijob_controller controller_by_schema(struct json definition)
{
    struct json versions = json_at(definition, "/spec/versions");
    for (struct json_iter it = json_iter(versions); json_next(&it);) {
        if (!json_string_is(json_get(it.value, "name"), str_of("v1")))
            continue;
        struct json spec = json_at(it.value, "/schema/openAPIV3Schema/properties/spec/properties");
        if (!json_exists(spec))
            return CONTROLLER_UNKNOWN;
        return json_exists(json_get(spec, "runPolicy")) ? CONTROLLER_TRAINING_OPERATOR : CONTROLLER_MPI_OPERATOR;
    }
    return CONTROLLER_UNKNOWN;
}

static void announce(const struct cluster *c)
{
    log_event(c->log, LOG_INFO, "connected",
              LOG_FIELDS({"server", kube_server(c->kube)}, {"version", c->mpijobs.version}, {"served", c->versions},
                         {"controller", mpijob_controller_name(c->target.controller)}));
}

/* What is served but not stored may lose fields on the way, with a 200: the stored version is the safe one. */
static void prefer_stored(struct cluster *c, struct json definition)
{
    for (struct json_iter it = json_iter(json_at(definition, "/spec/versions")); json_next(&it);) {
        struct buf name = BUF_INIT;
        enum mpijob_version version;
        bool stored = json_is_true(json_get(it.value, "storage")) && json_is_true(json_get(it.value, "served"));
        if (stored && json_decode(json_get(it.value, "name"), &name) &&
            mpijob_version_parse(buf_str(&name), &version)) {
            c->target.version = version;
            c->mpijobs = (struct kube_resource){GROUP, mpijob_version_name(version), PLURAL};
        }
        buf_free(&name);
    }
}

static void announce_guess(const struct cluster *c, const struct error *err)
{
    log_event(
        c->log, LOG_WARN,
        "several versions are served, and which one is stored cannot be read; a change through another one may be "
        "thrown away. Set cluster.version (--api-version), or allow reading the mpijobs.kubeflow.org definition",
        LOG_FIELDS({"version", c->mpijobs.version}, {"served", c->versions},
                   {"reason", err ? err->message : "the definition names none that is known here"}));
}

static void schema_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                        const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct cluster *c = data;
    c->probe = NULL;
    if (err && err->code == ERR_CANCELLED) {
        finish(c, err);
        return;
    }
    if (answer && c->several)
        prefer_stored(c, answer->body);
    else if (c->several)
        announce_guess(c, err);
    c->target.controller =
        c->configured != CONTROLLER_UNKNOWN ? c->configured : mpijob_controller_of(c->target.version);
    if (answer && c->target.controller == CONTROLLER_UNKNOWN)
        c->target.controller = controller_by_schema(answer->body);
    if (c->target.controller == CONTROLLER_UNKNOWN)
        log_event(
            c->log, LOG_INFO,
            "cannot tell which controller serves the v1 MPIJobs, so effects on which they differ are unknown; set "
            "cluster.controller in mpijobd.yaml, or allow reading the mpijobs.kubeflow.org definition",
            LOG_FIELDS({"reason", err ? err->message : "the definition has no schema"}));
    announce(c);
    finish(c, NULL);
}

static void discovered(void *data, const struct kube_served *served, const struct error *failure)
{
    struct cluster *c = data;
    c->discovery = NULL;
    struct error err;
    if (failure) {
        finish(c, failure);
        return;
    }
    if (choose(c, served, &err)) {
        finish(c, &err);
        return;
    }
    c->target.controller =
        c->configured != CONTROLLER_UNKNOWN ? c->configured : mpijob_controller_of(c->target.version);
    if (c->target.controller == CONTROLLER_UNKNOWN || c->several) {
        struct kube_call call = {.method = "GET", .path = DEFINITION, .done = schema_came, .data = c};
        if (kube_send(c->kube, &call, &c->probe, &err))
            finish(c, &err);
        return;
    }
    announce(c);
    finish(c, NULL);
}

void cluster_connect(struct cluster *c, cluster_connected done, void *data)
{
    struct error err;
    c->done = done;
    c->data = data;
    if (kube_discover(c->kube, GROUP, PLURAL, discovered, c, &c->discovery, &err))
        finish(c, &err);
}

void cluster_connect_cancel(struct cluster *c)
{
    if (c->discovery)
        kube_discovery_cancel(c->discovery);
    if (c->probe)
        kube_cancel(c->probe);
}

bool cluster_ready(const struct cluster *c)
{
    return c->ready;
}

struct kube *cluster_kube(const struct cluster *c)
{
    return c->kube;
}

const struct kube_resource *cluster_resource(const struct cluster *c, enum mpijob_kind kind)
{
    (void)kind;
    return &c->mpijobs;
}

struct mpijob_target cluster_target(const struct cluster *c, enum mpijob_kind kind)
{
    (void)kind;
    return c->target;
}

const char *cluster_name(const struct cluster *c)
{
    return c->name;
}

const char *cluster_namespace(const struct cluster *c)
{
    return c->name_space;
}

const char *cluster_server(const struct cluster *c)
{
    return kube_server(c->kube);
}

const char *cluster_versions(const struct cluster *c)
{
    return c->versions;
}
