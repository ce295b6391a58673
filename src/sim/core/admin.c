/* SPDX-License-Identifier: Apache-2.0 */
/* /_sim/: faults, clock, versions, credentials, requests and counters, for the tests that drive the simulator. It asks
 * for no credentials. */
#include "sim/core/admin.h"

#include "base/clock.h"
#include "sim/auth/credentials.h"
#include "sim/core/recorder.h"
#include "sim/core/sim.h"
#include "sim/fault/faults.h"
#include "sim/read/watch.h"

#include <stdlib.h>
#include <string.h>

static void admin_error(struct exchange *x, int code, const char *message)
{
    buf_reset(&x->resp->body);
    buf_puts(&x->resp->body, "{\"error\":");
    doc_write_string(&x->resp->body, message, strlen(message));
    buf_putc(&x->resp->body, '}');
    respond_json(x, code);
}

static void admin_faults(struct exchange *x, const char *method)
{
    struct sim *sim = x->sim;
    if (strcmp(method, "DELETE") == 0) {
        faults_clear(sim->faults);
    } else if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        if (*method == 'P' && method[1] == 'U')
            faults_clear(sim->faults);
        char *spec = sim_strndup(x->req->body ? x->req->body : "", x->req->body_len);
        char *problem = *spec == '@' ? sim_strdup("files are for the command line: send what is in them")
                                     : faults_read(sim, spec, &x->resp->wire);
        free(spec);
        if (problem) {
            admin_error(x, 400, problem);
            free(problem);
            return;
        }
    }
    faults_write(sim->faults, &x->resp->body);
    respond_json(x, 200);
}

/* Reads "90s", "10m", "2h", "3d" or a number of seconds, in microseconds. -1: it is something else. */
static int64_t read_duration(json_object *v)
{
    const char *s = json_object_get_string(v);
    char *end;
    double n = strtod(s, &end);
    double unit = !*end || strcmp(end, "s") == 0 ? 1
                  : strcmp(end, "ms") == 0       ? 0.001
                  : strcmp(end, "m") == 0        ? 60
                  : strcmp(end, "h") == 0        ? 3600
                  : strcmp(end, "d") == 0        ? 86400
                                                 : -1;
    return end == s || unit < 0 || n < 0 || n * unit > 1e9 ? -1 : (int64_t)(n * unit * 1e6);
}

static void move_clock(struct sim *sim, int64_t by)
{
    sim->start_us += by;
    sim->now_us += by;
    sim_tick(sim, sim->mono_ms);
}

static void admin_clock(struct exchange *x, const char *method)
{
    struct sim *sim = x->sim;
    char now[32];
    if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        json_object *doc = x->req->body_len ? doc_parse(x->req->body, x->req->body_len) : NULL;
        json_object *advance = doc_get(doc, "advance");
        const char *to = doc_str(doc, "now");
        int64_t by = advance ? read_duration(advance) : -1, target;
        if (to && clock_parse(to, &target))
            by = target - sim->now_us;
        bool good = (advance || to) && (by >= 0 || (to && !advance && clock_parse(to, &target)));
        json_object_put(doc);
        if (!good) {
            admin_error(x, 400, "send {\"advance\":\"10m\"} or {\"now\":\"2026-01-01T00:00:00Z\"}");
            return;
        }
        move_clock(sim, by);
    }
    clock_format(sim->now_us, true, now);
    buf_printf(&x->resp->body, "{\"now\":\"%s\",\"mode\":\"%s\",\"speed\":%g}", now,
               sim->opt.speed > 0 ? "real" : "stepped", sim->opt.speed);
    respond_json(x, 200);
}

static void admin_credentials(struct exchange *x, const char *method)
{
    if (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0) {
        json_object *doc = x->req->body_len ? doc_parse(x->req->body, x->req->body_len) : NULL;
        char *problem = credentials_change(x->sim->credentials, doc);
        json_object_put(doc);
        if (problem) {
            admin_error(x, 400, problem);
            free(problem);
            return;
        }
    }
    const struct credentials *c = x->sim->credentials;
    buf_printf(&x->resp->body, "{\"tokens\":%zu,\"basic\":%zu,\"certificates\":%zu,\"accessKeys\":%zu,\"issued\":%zu}",
               c->tokens.count, c->basics.count, c->certificates.count, c->keys, c->issued_count);
    respond_json(x, 200);
}

static bool listed(json_object *list, const char *name)
{
    for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
            return true;
    return false;
}

static const char *version_named(const char *name)
{
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        if (name && strcmp(name, version_name[v]) == 0)
            return version_name[v];
    return NULL;
}

/* {"served":["v2beta1"],"stored":"v2beta1"}: as if another definition of MPIJobs had been applied; no version: as if it
 * had been deleted. "deprecated":[...]: answers of these versions say so. "siblings":true: as --siblings. */
static void admin_versions(struct exchange *x, const char *method)
{
    struct sim *sim = x->sim;
    if (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0) {
        json_object *doc = x->req->body_len ? doc_parse(x->req->body, x->req->body_len) : NULL;
        json_object *served = doc_get(doc, "served");
        if (!served) {
            json_object_put(doc);
            admin_error(x, 400, "send {\"served\":[\"v2beta1\"],\"stored\":\"v2beta1\"}");
            return;
        }
        sim->opt.serve_v1alpha2 = listed(served, "v1alpha2");
        sim->opt.serve_v1 = listed(served, "v1");
        sim->opt.serve_v2beta1 = listed(served, "v2beta1");
        sim->opt.store_as = version_named(doc_str(doc, "stored"));
        for (int v = 0; v < MPIJOB_VERSIONS; v++)
            sim->deprecated[v] = listed(doc_get(doc, "deprecated"), version_name[v]);
        if (doc_get(doc, "siblings"))
            sim->opt.siblings = doc_bool(doc, "siblings");
        json_object_put(doc);
        versions_change(sim);
        watch_strike(sim, "end", NULL);
    }
    buf_puts(&x->resp->body, "{\"served\":[");
    const char *comma = "";
    for (int v = 0; v < MPIJOB_VERSIONS; v++) {
        if (sim->served[v]) {
            buf_printf(&x->resp->body, "%s\"%s\"", comma, version_name[v]);
            comma = ",";
        }
    }
    buf_printf(&x->resp->body, "],\"stored\":\"%s\"}", version_name[sim->stored_as]);
    respond_json(x, 200);
}

static void admin_counters(struct exchange *x)
{
    struct sim *sim = x->sim;
    struct buf *out = &x->resp->body;
    buf_puts(out, "{\"requests\":{");
    recorder_write_counts(sim->recorder, out);
    buf_printf(out, "},\"watches\":%zu,\"resourceVersion\":%llu,\"compacted\":%llu,\"objects\":{", sim->watch_count,
               (unsigned long long)sim->store.version, (unsigned long long)sim->store.compacted);
    for (int k = 0; k < STORE_KINDS; k++)
        buf_printf(out, "%s\"%s\":%zu", k ? "," : "", resource_of((enum kind)k)->plural, sim->store.shelf[k].live);
    buf_puts(out, "}}");
    respond_json(x, 200);
}

void admin(struct exchange *x)
{
    const char *what = x->segments > 1 ? x->segment[1] : "", *method = x->req->method;
    bool reset = strcmp(method, "DELETE") == 0;
    if (strcmp(what, "faults") == 0) {
        admin_faults(x, method);
    } else if (strcmp(what, "clock") == 0) {
        admin_clock(x, method);
    } else if (strcmp(what, "versions") == 0) {
        admin_versions(x, method);
    } else if (strcmp(what, "credentials") == 0) {
        admin_credentials(x, method);
    } else if (strcmp(what, "requests") == 0) {
        if (reset)
            recorder_reset(x->sim->recorder);
        recorder_write(x->sim->recorder, x, &x->resp->body);
        respond_json(x, 200);
    } else if (strcmp(what, "counters") == 0) {
        if (reset)
            recorder_reset(x->sim->recorder);
        admin_counters(x);
    } else {
        admin_error(x, 404,
                    "there are /_sim/faults, /_sim/clock, /_sim/versions, /_sim/credentials, /_sim/requests and "
                    "/_sim/counters");
    }
}
