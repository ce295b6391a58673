/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of mpijob-sim. */
#include "sim/options.h"

#include "base/clock.h"
#include "sim/core/sim.h"
#include "sim/fault/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "mpijob-sim: a Kubernetes API server for MPIJobs, in memory, for demos, tests and benchmarks\n"
    "\n"
    "usage: mpijob-sim [OPTION...]\n"
    "\n"
    "  --listen HOST:PORT   where to listen (127.0.0.1:0; port 0: any free one)\n"
    "  --kubeconfig FILE    write a kubeconfig for it there, when ready\n"
    "  --jobs N             make N believable MPIJobs (0)\n"
    "  --alike              all from one template, as a team's are: they differ in names, owners, states and times\n"
    "  --seed S             of names, states, ages (1)\n"
    "  --version V          v1alpha2, v1, v2beta1 or all (all)\n"
    "  --store-as V         the version that objects are stored in (the first served); v2beta1 with --version all "
    "drops\n"
    "                       v1alpha2's own fields, as the definition of mpi-operator v0.3.0 does\n"
    "  --controller C       whose rules v1 jobs follow: mpi-operator or training-operator (mpi-operator)\n"
    "  --siblings           serve TFJobs, PyTorchJobs and MXJobs of v1 too\n"
    "  --kinds              serve TrainJobs and JobSets too\n"
    "  --workloads          serve Kueue's Workloads too\n"
    "  --kueue              have Kueue manage jobs with a queue's label; with --kinds, --workloads and --life, and\n"
    "                       --version v2beta1, if no other is asked for\n"
    "  --life               jobs start, run and finish, and a controller cleans up\n"
    "  --clock real|stepped stepped: time stands still until POST /_sim/clock moves it (real)\n"
    "  --speed N            simulated seconds in a second, with the real clock (1)\n"
    "  --now TIME           the simulated time at the start, RFC 3339 (the real one)\n"
    "  --tls                serve HTTPS with a certificate of its own; --tls-expired, --tls-wrong-name: a bad one\n"
    "  --profile P          kubernetes, or cci: Huawei Cloud CCI as its documentation has it (kubernetes); cci asks "
    "for\n"
    "                       --iam's or --access-key's credentials, or --token's, which are the test's own\n"
    "  --iam D:U:P:W        an IAM beside it: tokens of the project P for the user U of the domain D with the password "
    "W\n"
    "  --iam-lifetime S     of its tokens, in seconds (86400)\n"
    "  --access-key A:S[:T] take requests signed with this access key (T: the security token of a temporary one)\n"
    "  --basic U:W          take this user name and password\n"
    "  --client-ca FILE     take client certificates of this CA (with --tls)\n"
    "  --token T            ask for this bearer token; without it every request may do everything\n"
    "  --view-token T       a user without any rights, for 403\n"
    "  --latency MS         every answer comes that much later\n"
    "  --faults SPEC        misbehave; see --help faults\n"
    "  --yes-really         listen elsewhere than on loopback\n"
    "  --help, --help faults\n"
    "\n"
    "When it is ready it prints one line: {\"ready\":true,\"url\":...,\"kubeconfig\":...}. SIGTERM ends it.\n"
    "While it runs: GET /_sim/requests, /_sim/counters, /_sim/clock, /_sim/faults, /_sim/versions,\n"
    "/_sim/credentials.\n"
    "\n"
    "examples:\n"
    "  mpijob-sim --jobs 300 --kubeconfig sim.conf        then: kubectl --kubeconfig sim.conf get mpijobs -A\n"
    "  mpijob-sim --jobs 50 --life --speed 60             an hour of a cluster in a minute\n"
    "  mpijob-sim --faults 'reset-after:method=PUT,count=1'   the first PUT is done and its answer lost\n";

struct option {
    const char *name;
    bool value;
};

static const struct option known[] = {
    {"--listen", true},       {"--kubeconfig", true},
    {"--jobs", true},         {"--seed", true},
    {"--version", true},      {"--store-as", true},
    {"--controller", true},   {"--life", false},
    {"--clock", true},        {"--speed", true},
    {"--now", true},          {"--tls", false},
    {"--tls-expired", false}, {"--tls-wrong-name", false},
    {"--token", true},        {"--view-token", true},
    {"--profile", true},      {"--iam", true},
    {"--iam-lifetime", true}, {"--access-key", true},
    {"--basic", true},        {"--client-ca", true},
    {"--latency", true},      {"--faults", true},
    {"--yes-really", false},  {"--alike", false},
    {"--siblings", false},    {"--kinds", false},
    {"--kueue", false},       {"--workloads", false},
};

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static int bad(struct error *err, const char *name, const char *value, const char *wanted)
{
    error_set(err, ERR_INVALID, "%s: '%s' is not %s", name, value, wanted);
    return -1;
}

static int read_number(struct error *err, const char *name, const char *value, int64_t *out)
{
    char *end;
    *out = strtoll(value, &end, 10);
    return *end || !*value || *out < 0 ? bad(err, name, value, "a whole number") : 0;
}

static int read_listen(struct options *o, const char *value, struct error *err)
{
    const char *colon = strrchr(value, ':');
    int64_t port = 0;
    size_t n = colon ? (size_t)(colon - value) : 0;
    const char *host = value;
    if (n > 2 && *value == '[' && value[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (!colon || !n || n >= sizeof o->address || read_number(err, "--listen", colon + 1, &port) || port > 65535)
        return bad(err, "--listen", value, "HOST:PORT");
    memcpy(o->address, host, n);
    o->address[n] = 0;
    if (is(o->address, "localhost"))
        snprintf(o->address, sizeof o->address, "127.0.0.1");
    o->port = (int)port;
    return 0;
}

static int read_version(struct options *o, const char *value, struct error *err)
{
    bool all = is(value, "all");
    o->version_given = true;
    o->sim.serve_v1alpha2 = all || is(value, "v1alpha2");
    o->sim.serve_v1 = all || is(value, "v1");
    o->sim.serve_v2beta1 = all || is(value, "v2beta1");
    bool any = o->sim.serve_v1alpha2 || o->sim.serve_v1 || o->sim.serve_v2beta1;
    return any ? 0 : bad(err, "--version", value, "v1alpha2, v1, v2beta1 or all");
}

static int set_flag(struct options *o, const char *name)
{
    if (is(name, "--life"))
        o->sim.life = true;
    else if (is(name, "--alike"))
        o->sim.alike = true;
    else if (is(name, "--siblings"))
        o->sim.siblings = true;
    else if (is(name, "--kinds"))
        o->sim.kinds = true;
    else if (is(name, "--workloads"))
        o->sim.workloads = true;
    else if (is(name, "--kueue"))
        o->sim.kueue = o->sim.workloads = o->sim.kinds = o->sim.life = true;
    else if (is(name, "--yes-really"))
        o->yes_really = true;
    else
        o->tls = true;
    o->tls_expired |= is(name, "--tls-expired");
    o->tls_wrong_name |= is(name, "--tls-wrong-name");
    return 0;
}

static int set_choice(struct options *o, const char *name, const char *value, struct error *err)
{
    if (is(name, "--profile")) {
        o->sim.profile = is(value, "cci") ? SIM_CCI : SIM_KUBERNETES;
        return is(value, "cci") || is(value, "kubernetes") ? 0 : bad(err, name, value, "kubernetes or cci");
    }
    if (is(name, "--controller")) {
        o->sim.controller = is(value, "training-operator") ? SIM_TRAINING_OPERATOR : SIM_MPI_OPERATOR;
        return is(value, "training-operator") || is(value, "mpi-operator")
                   ? 0
                   : bad(err, name, value, "mpi-operator or training-operator");
    }
    if (is(name, "--clock")) {
        if (is(value, "stepped"))
            o->sim.speed = 0;
        return is(value, "stepped") || is(value, "real") ? 0 : bad(err, name, value, "real or stepped");
    }
    if (is(name, "--store-as")) {
        o->sim.store_as = value;
        return is(value, "v1alpha2") || is(value, "v1") || is(value, "v2beta1")
                   ? 0
                   : bad(err, name, value, "v1alpha2, v1 or v2beta1");
    }
    if (is(name, "--speed")) {
        char *end;
        o->sim.speed = strtod(value, &end);
        return *end || o->sim.speed <= 0 ? bad(err, name, value, "a number above 0") : 0;
    }
    if (is(name, "--now"))
        return clock_parse(value, &o->sim.start_us) ? 0 : bad(err, name, value, "a time like 2026-01-31T12:00:00Z");
    return is(name, "--version") ? read_version(o, value, err) : read_listen(o, value, err);
}

static int set_value(struct options *o, const char *name, const char *value, struct error *err)
{
    int64_t number = 0;
    const char **text = is(name, "--kubeconfig")   ? &o->kubeconfig
                        : is(name, "--faults")     ? &o->faults
                        : is(name, "--token")      ? &o->sim.token
                        : is(name, "--view-token") ? &o->sim.view_token
                        : is(name, "--iam")        ? &o->sim.iam
                        : is(name, "--access-key") ? &o->sim.access_key
                        : is(name, "--basic")      ? &o->sim.basic
                        : is(name, "--client-ca")  ? &o->client_ca
                                                   : NULL;
    if (text) {
        *text = value;
        return 0;
    }
    if (!is(name, "--jobs") && !is(name, "--seed") && !is(name, "--latency") && !is(name, "--iam-lifetime"))
        return set_choice(o, name, value, err);
    if (read_number(err, name, value, &number))
        return -1;
    if (is(name, "--jobs"))
        o->sim.jobs = (size_t)number;
    else if (is(name, "--seed"))
        o->sim.seed = (uint64_t)number;
    else if (is(name, "--iam-lifetime"))
        o->sim.iam_life_s = number;
    else
        o->latency_ms = number;
    return 0;
}

static int unknown(const char *name, struct error *err)
{
    const char *names[sizeof known / sizeof known[0] + 1] = {0};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        names[i] = known[i].name;
    const char *near = str_nearest(name, names);
    error_set(err, ERR_INVALID, "there is no option %s%s%s; mpijob-sim --help lists them", name,
              near ? "; did you mean " : "", near ? near : "");
    return -1;
}

/* --name value and --name=value */
static int read_one(struct options *o, int argc, char **argv, int *i, struct error *err)
{
    char *name = sim_strdup(argv[*i]), *value = strchr(name, '=');
    int result = 0;
    if (value)
        *value++ = 0;
    const struct option *k = NULL;
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        if (is(known[n].name, name))
            k = &known[n];
    if (!k) {
        result = unknown(name, err);
    } else if (!k->value) {
        result = value ? bad(err, k->name, value, "wanted: it takes no value") : set_flag(o, k->name);
    } else {
        const char *v = value ? argv[*i] + (value - name) : *i + 1 < argc ? argv[++*i] : NULL;
        result = v ? set_value(o, k->name, v, err) : bad(err, k->name, "", "enough: it needs a value");
    }
    free(name);
    return result;
}

static bool loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || is(address, "::1");
}

int options_read(struct options *o, int argc, char **argv, struct error *err)
{
    *o = (struct options){.sim = {.serve_v1alpha2 = true,
                                  .serve_v1 = true,
                                  .serve_v2beta1 = true,
                                  .seed = 1,
                                  .speed = 1,
                                  .start_us = clock_now(NULL)}};
    snprintf(o->address, sizeof o->address, "127.0.0.1");
    for (int i = 1; i < argc; i++) {
        if (is(argv[i], "--help") || is(argv[i], "-h")) {
            fputs(i + 1 < argc && is(argv[i + 1], "faults") ? sim_faults_help() : help, stdout);
            return 1;
        }
        if (read_one(o, argc, argv, &i, err))
            return -1;
    }
    if (o->sim.profile == SIM_CCI && !o->version_given)
        o->sim.serve_v1 = o->sim.serve_v2beta1 = false;
    if (o->sim.kueue && !o->version_given) /* Kueue knows no other */
        o->sim.serve_v1alpha2 = o->sim.serve_v1 = false;
    o->sim.client_ca = o->client_ca != NULL;
    char *problem = sim_options_problem(&o->sim);
    if (!problem && o->client_ca && !o->tls)
        problem = sim_strdup("--client-ca: a client shows a certificate with --tls only");
    if (problem) {
        error_set(err, ERR_INVALID, "%s", problem);
        free(problem);
        return -1;
    }
    if (!loopback(o->address) && !o->yes_really) {
        error_set(err, ERR_REFUSED,
                  "--listen %s: this is a test server without protection and listens on loopback only; "
                  "--yes-really if you mean it",
                  o->address);
        return -1;
    }
    return 0;
}
