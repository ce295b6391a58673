/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole: how it is made, what happens as time passes, and the way of a request through it. */
#include "sim/core/sim.h"

#include "sim/api/api.h"
#include "sim/auth/credentials.h"
#include "sim/core/admin.h"
#include "sim/core/recorder.h"
#include "sim/fault/faults.h"
#include "sim/life/generate.h"
#include "sim/life/life.h"
#include "sim/read/watch.h"
#include "sim/server/namespace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void committed(void *owner, struct revision *rev)
{
    struct sim *sim = owner;
    watch_notify(sim, rev);
    life_notify(sim, rev);
}

struct sim *sim_new(const struct sim_options *options)
{
    static const char *const namespaces[] = {"default", "kube-node-lease", "kube-public", "kube-system"};
    struct sim *sim = sim_alloc(sizeof *sim);
    json_global_set_string_hash(JSON_C_STR_HASH_PERLLIKE); /* the other one is slower, and no better for short keys */
    sim->opt = *options;
    sim->random = options->seed;
    sim->now_us = sim->start_us = options->start_us;
    versions_choose(sim);
    sim->credentials = sim_alloc(sizeof *sim->credentials);
    free(credentials_init(sim->credentials, options));
    store_init(&sim->store);
    sim->faults = sim_alloc(sizeof *sim->faults);
    sim->recorder = recorder_new();
    for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++)
        namespace_make(sim, namespaces[i]);
    sim->life = life_new(sim);
    if (options->jobs)
        generate_jobs(sim);
    life_begin(sim);
    sim->store.owner = sim;
    sim->store.committed = committed;
    return sim;
}

char *sim_options_problem(const struct sim_options *options)
{
    struct credentials c;
    char *problem = credentials_init(&c, options);
    bool elsewhere = options->serve_v1 || options->serve_v2beta1 || !options->serve_v1alpha2;
    credentials_free(&c);
    if (!problem && options->profile == SIM_CCI && elsewhere)
        problem = sim_strdup("--profile cci: CCI serves v1alpha2 only");
    return problem;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    sim->store.committed = NULL;
    life_free(sim->life);
    store_clear(&sim->store);
    faults_clear(sim->faults);
    free(sim->faults);
    recorder_free(sim->recorder);
    credentials_free(sim->credentials);
    free(sim->credentials);
    versions_free(sim);
    free(sim);
}

int64_t sim_tick(struct sim *sim, int64_t mono_ms)
{
    if (!sim->mono_start)
        sim->mono_start = mono_ms;
    sim->mono_ms = mono_ms;
    if (sim->opt.speed > 0)
        sim->now_us = sim->start_us + (int64_t)((double)(mono_ms - sim->mono_start) * 1000 * sim->opt.speed);
    int64_t life = life_tick(sim), watches = watch_tick(sim);
    return life < watches ? life : watches;
}

/* ---- requests */

/* The simulated time, by which signatures are checked. */
static void add_date(struct exchange *x)
{
    char text[64];
    time_t now = (time_t)(x->sim->now_us / 1000000);
    struct tm tm;
    if (x->sim->opt.profile != SIM_CCI || !gmtime_r(&now, &tm))
        return;
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    sim_response_header(x->resp, "Date", text);
}

void sim_handle(struct sim *sim, const struct sim_request *req, struct sim_response *resp)
{
    struct exchange x = {.sim = sim, .req = req, .resp = resp, .mpijob_version = -1, .ns = "", .name = "", .sub = ""};
    *resp = (struct sim_response){.content_type = "application/json", .wire.cut_at = SIZE_MAX};
    exchange_split(&x);
    if (x.segments && strcmp(x.segment[0], "_sim") == 0) {
        admin(&x);
        exchange_free(&x);
        return;
    }
    struct fault *fault = faults_before(sim->faults, &x);
    if (!resp->status)
        api_serve(&x);
    if (fault)
        faults_after(sim->faults, fault, &x);
    add_date(&x);
    recorder_add(sim->recorder, &x, fault);
    exchange_free(&x);
}

void sim_response_free(struct sim_response *resp)
{
    for (size_t i = 0; i < resp->header_count; i++) {
        free(resp->headers[i].name);
        free(resp->headers[i].value);
    }
    free(resp->headers);
    buf_free(&resp->body);
    if (resp->watch)
        sim_watch_close(resp->watch);
    *resp = (struct sim_response){0};
}
