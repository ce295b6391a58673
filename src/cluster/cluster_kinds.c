/* SPDX-License-Identifier: Apache-2.0 */
/* From what a server serves to what is used: one version of each kind, and the controller that acts on it. */
#include <stdio.h>
#include <string.h>

#include "cluster/cluster_parts.h"
#include "mpijob/dialect.h"
#include "json/value.h"

/* The configured controller counts for the kinds and versions that it has: mpi-operator has only MPIJobs. */
enum mpijob_controller cluster_controller(const struct cluster *c, const struct mpijob_kind *kind,
                                          enum mpijob_version version, enum mpijob_controller found)
{
    if (c->configured != CONTROLLER_UNKNOWN && mpijob_dialect_known(mpijob_dialect_of(kind, version, c->configured)))
        return c->configured;
    enum mpijob_controller usual = mpijob_controller_of(kind, version);
    return mpijob_dialect_of(kind, version, usual)->open ? found : usual;
}

struct mpijob_target cluster_target_of(const struct cluster *c, const struct mpijob_kind *kind, struct json object)
{
    struct mpijob_target target = cluster_target(c, kind);
    enum mpijob_version version;
    struct json text = json_get(object, "apiVersion");
    if (json_type(text) != JSON_STRING ||
        !mpijob_kind_api_version(kind, str_n(text.text.ptr + 1, text.text.len - 2), &version) ||
        version == target.version)
        return target;
    target.version = version;
    target.controller = cluster_controller(c, kind, version, c->v1);
    return target;
}

void cluster_use(struct cluster_kind *k, enum mpijob_version version)
{
    const struct mpijob_kind *info = mpijob_kind_info(k->target.kind);
    k->served = true;
    k->target.version = version;
    k->resource = (struct kube_resource){info->group, mpijob_kind_version_name(info, version), info->plural};
}

static void list_versions(const struct kube_served *served, struct cluster_kind *k)
{
    size_t n = 0;
    k->versions[0] = '\0';
    for (size_t i = 0; i < served->count; i++) {
        int room = (int)(sizeof k->versions - n);
        int len = snprintf(k->versions + n, (size_t)room, "%s%s", i ? ", " : "", served->versions[i]);
        n += len > 0 && len < room ? (size_t)len : 0;
    }
}

/* The configured version if it is served; else the first known one in the server's order of preference. */
static void choose_one(const struct cluster *c, struct cluster_look *look, const struct mpijob_kind *kind)
{
    const struct kube_served *served = &look->served[mpijob_kind_index(kind)];
    struct cluster_kind *k = &look->kinds[mpijob_kind_index(kind)];
    const char *wanted = kind == KIND_MPIJOB ? c->api_version : NULL;
    size_t known = 0;
    *k = (struct cluster_kind){.target = {.kind = kind, .gpus = c->gpus}};
    cluster_use(k, mpijob_kind_version(kind));
    k->served = false;
    list_versions(served, k);
    for (size_t i = 0; i < served->count; i++) {
        enum mpijob_version version;
        if (!mpijob_version_parse(str_of(served->versions[i]), &version) || !mpijob_kind_has(kind, version))
            continue;
        known++;
        if (!k->served && (!wanted || strcmp(wanted, served->versions[i]) == 0))
            cluster_use(k, version);
    }
    if (kind == KIND_MPIJOB)
        look->several = known > 1 && !wanted;
    k->target.controller = cluster_controller(c, kind, k->target.version, CONTROLLER_UNKNOWN);
}

int cluster_choose(const struct cluster *c, struct cluster_look *look, struct error *err)
{
    const struct cluster_kind *jobs = &look->kinds[0];
    bool any = false;
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        choose_one(c, look, mpijob_kind_at((size_t)i));
        any = any || look->kinds[i].served;
    }
    if (c->api_version && look->served[0].count && !jobs->served)
        return error_set(err, ERR_NOT_FOUND, "%s does not serve MPIJobs of version %s; it serves %s",
                         kube_server(c->kube), c->api_version, jobs->versions);
    if (any)
        return 0;
    char known[MPIJOB_VERSIONS_TEXT];
    mpijob_kind_versions(KIND_MPIJOB, " and ", known);
    return error_set(err, ERR_NOT_FOUND, "%s serves MPIJobs only as %s; mpijobd knows %s", kube_server(c->kube),
                     jobs->versions, known);
}

/* ---- the definition of MPIJobs ---- */

/* Through a version that is served but not stored, fields may be lost with a 200; the stored version is safe. */
static bool prefer_stored(struct cluster_look *look, struct json definition)
{
    bool found = false;
    for (struct json_iter it = json_iter(json_at(definition, "/spec/versions")); json_next(&it);) {
        char name[32];
        enum mpijob_version version;
        bool stored = json_is_true(json_get(it.value, "storage")) && json_is_true(json_get(it.value, "served"));
        if (stored && json_string_at(it.value, "/name", name, sizeof name) == 0 &&
            mpijob_version_parse(str_of(name), &version) && mpijob_kind_has(KIND_MPIJOB, version)) {
            cluster_use(&look->kinds[0], version);
            look->stored = (int)version;
            found = true;
        }
    }
    return found;
}

void cluster_read_definition(const struct cluster *c, struct cluster_look *look, struct json definition)
{
    if (look->several && json_exists(definition) && prefer_stored(look, definition))
        look->choice = CHOICE_STORED;
    look->v1 = mpijob_evidence_of_definition(definition);
    look->by = look->v1 != CONTROLLER_UNKNOWN ? CONTROLLER_BY_DEFINITION : CONTROLLER_BY_NOTHING;
    cluster_settle(c, look);
}

void cluster_settle(const struct cluster *c, struct cluster_look *look)
{
    struct mpijob_target *target = &look->kinds[0].target;
    target->controller = cluster_controller(c, KIND_MPIJOB, target->version, look->v1);
}

/* ---- in force ---- */

/* Logs what could not be found out. */
static void tell_guess(const struct cluster *c, const struct cluster_look *look)
{
    const struct cluster_kind *k = &c->kinds[0];
    if (look->several && look->choice == CHOICE_PREFERRED)
        log_event(
            c->log, LOG_WARN,
            "several versions are served, and which one is stored cannot be read; a change through another one may be "
            "thrown away. Set cluster.version (--api-version), or allow reading the mpijobs.kubeflow.org definition",
            LOG_FIELDS(
                {"version", k->resource.version}, {"served", k->versions},
                {"reason", look->why ? look->why->message : "the definition names no version that mpijobd knows"}));
    bool open = k->served && mpijob_dialect(k->target)->open;
    if (open && look->evidence.found == EVIDENCE_CONTRADICTS)
        log_event(c->log, LOG_WARN,
                  "the v1 MPIJobs show both controllers at work, mpi-operator and training-operator, so effects on "
                  "which they differ are unknown; set cluster.controller in mpijobd.yaml, or allow reading the "
                  "mpijobs.kubeflow.org definition",
                  LOG_FIELDS({"server", kube_server(c->kube)}));
    else if (open)
        log_event(
            c->log, LOG_INFO,
            "cannot tell which controller serves the v1 MPIJobs, so effects on which they differ are unknown; set "
            "cluster.controller in mpijobd.yaml, or allow reading the mpijobs.kubeflow.org definition",
            LOG_FIELDS({"reason", look->why ? look->why->message : "the definition has no schema"},
                       {"evidence", "no job and no pod shows it"}));
}

/* NULL: there was nothing to choose. */
static const char *chosen_by(const struct cluster *c)
{
    static const char *const names[] = {"the server's preference", "the definition's stored version",
                                        "a dry-run write"};
    return c->look.several ? names[c->look.choice] : NULL;
}

static void tell_connected(const struct cluster *c)
{
    const struct cluster_kind *jobs = &c->kinds[0];
    char others[64] = "";
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        size_t n = strlen(others);
        if (i != 0 && c->kinds[i].served)
            snprintf(others + n, sizeof others - n, "%s%s", n ? ", " : "", mpijob_kind_at((size_t)i)->name);
    }
    log_event(c->log, LOG_INFO, "connected",
              LOG_FIELDS(CLUSTER_LOG(c), {"server", kube_server(c->kube)},
                         {"version", jobs->served ? jobs->resource.version : "none"}, {"served", jobs->versions},
                         {"controller", mpijob_controller_name(jobs->target.controller)},
                         {"controller_by", cluster_controller_by(c)}, {"chosen_by", chosen_by(c)},
                         {"others", *others ? others : NULL}));
}

static void tell_change(const struct cluster *c, const struct mpijob_kind *kind, const struct cluster_kind *before)
{
    const struct cluster_kind *now = &c->kinds[mpijob_kind_index(kind)];
    const char *message = !now->served ? "a kind of job is not served any more; its policies fail until it is again"
                          : !before->served ? "a kind of job is served now"
                                            : "the server's API has changed, and mpijobd follows it";
    log_event(c->log, now->served ? LOG_INFO : LOG_WARN, message,
              LOG_FIELDS(CLUSTER_LOG(c), {"server", kube_server(c->kube)}, {"kind", mpijob_kind_info(kind)->name},
                         {"before", before->served ? before->resource.version : NULL},
                         {"version", now->served ? now->resource.version : NULL}, {"served", now->versions},
                         {"controller", mpijob_controller_name(now->target.controller)},
                         {"controller_by", kind == KIND_MPIJOB ? cluster_controller_by(c) : NULL},
                         {"chosen_by", kind == KIND_MPIJOB ? chosen_by(c) : NULL}));
}

static bool same(const struct cluster_kind *a, const struct cluster_kind *b)
{
    return a->served == b->served && a->target.version == b->target.version &&
           a->target.controller == b->target.controller;
}

bool cluster_put_in_force(struct cluster *c)
{
    bool changed = false, absent = false, sure = !c->ready || c->done || c->absent + 1 >= ABSENT_LOOKS;
    c->choice = c->look.choice;
    c->stored = c->look.stored;
    if (c->look.kinds[0].served) { /* else the look did not ask who acts on v1 */
        c->v1 = c->look.v1;
        c->by = c->look.by;
    }
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        struct cluster_kind before = c->kinds[i];
        if (before.served && !c->look.kinds[i].served && !sure) { /* further looks have to agree */
            absent = true;
            continue;
        }
        c->kinds[i] = c->look.kinds[i];
        c->kinds[i].went = !c->kinds[i].served && (before.served || before.went);
        if (!c->ready || same(&before, &c->kinds[i]))
            continue;
        tell_change(c, mpijob_kind_at((size_t)i), &before);
        changed = true;
    }
    c->absent = absent ? c->absent + 1 : 0;
    if (!c->ready || changed)
        tell_guess(c, &c->look);
    if (!c->ready)
        tell_connected(c);
    return changed;
}

int cluster_tell_unserved(const struct cluster *c, const struct mpijob_kind *kind, struct error *err)
{
    const struct mpijob_kind *info = mpijob_kind_info(kind);
    return error_set(err, ERR_NOT_FOUND,
                     "%s serves no %ss: install the definition (CRD) %s, or connect to the right cluster",
                     kube_server(cluster_kube(c)), info->name, info->definition);
}
