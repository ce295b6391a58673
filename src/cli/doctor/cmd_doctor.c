/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd doctor: the whole chain, from the configuration to the permissions, one line a check. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/cmd_doctor.h"
#include "cli/doctor/doctor.h"
#include "cli/terminal/terminal.h"
#include "time/duration.h"

#define TIMEOUT_MS INT64_C(10000)

const struct doctor_check doctor_checks[] = {
    {"configuration", doctor_configuration, 0, BASE_CONFIG, false},
    {"kubeconfig", doctor_kubeconfig, BASE_CONFIG, BASE_KUBECONFIG, true},
    {"name", doctor_name, BASE_KUBECONFIG, BASE_NAME, true},
    {"connection", doctor_connection, BASE_NAME, BASE_CONNECTION, true},
    {"server-certificate", doctor_server_certificate, BASE_CONNECTION, BASE_TRUST, true},
    {"client-certificate", doctor_client_certificate, BASE_KUBECONFIG, BASE_CLIENT, true},
    {"clock", doctor_clock, BASE_TRUST, BASE_ANSWER, true},
    {"credentials", doctor_credentials, BASE_ANSWER | BASE_CLIENT, BASE_USER, true},
    {"permissions", doctor_permissions, BASE_USER, 0, true},
    {"versions", doctor_versions, BASE_USER, BASE_VERSIONS, true},
    {"controller", doctor_controller, BASE_VERSIONS, 0, true},
    {"watch", doctor_watching, BASE_VERSIONS, 0, true},
    {"state", doctor_state, BASE_CONFIG, 0, false},
    {"https", doctor_https, BASE_CONFIG, 0, false},
    {"time-zones", doctor_zones, 0, 0, false},
    {"policies", doctor_policies, BASE_CONFIG, 0, false},
    {0},
};

/* The name of the check that failed first: not of one that was skipped itself. */
static const char *cause_of(const struct doctor *d, unsigned needs)
{
    const struct doctor_check *c = doctor_checks;
    while (c->name && !(c->gives & needs & ~d->bases))
        c++;
    if (c->name && (c->needs & ~d->bases))
        return cause_of(d, c->needs);
    return c->name ? c->name : "an earlier check";
}

static void check(struct doctor *d, const struct doctor_check *c)
{
    doctor_watch(d, c->name);
    if ((c->needs & d->bases) != c->needs)
        doctor_say(d, DOCTOR_SKIPPED, NULL, "because of %s", cause_of(d, c->needs));
    else if (c->run(d))
        d->bases |= c->gives;
}

/* The checks of a cluster, from `first` on. Returns the check that follows them. */
static const struct doctor_check *check_cluster(struct doctor *d, const struct doctor_check *first)
{
    const struct doctor_check *c = first;
    for (; c->of_cluster; c++)
        check(d, c);
    return c;
}

/* What holds for one cluster does not hold for the next. */
static void forget_cluster(struct doctor *d)
{
    for (const struct doctor_check *c = doctor_checks; c->name; c++)
        d->bases &= c->of_cluster ? ~c->gives : ~0U;
    probe_free(&d->probe);
    d->probe = (struct probe){0};
    d->proxy = NULL;
    needs_free(&d->needs);
    d->needs = (struct needs){0};
    d->policies_read = false;
    session_close_clusters(&d->s);
}

static const struct doctor_check *check_clusters(struct doctor *d, const struct doctor_check *first)
{
    const struct config *config = &d->s.config;
    const char *chosen = d->s.options.cluster;
    const struct doctor_check *next = first;
    if (!d->session_open || !config->named || d->s.options.kubeconfig || d->s.options.context || chosen)
        return check_cluster(d, first);
    for (size_t i = 0; i < config->cluster_count; i++) {
        d->s.options.cluster = d->cluster = config->clusters[i].name;
        next = check_cluster(d, first);
        if (i + 1 < config->cluster_count)
            forget_cluster(d);
    }
    d->s.options.cluster = NULL;
    d->cluster = NULL;
    return next;
}

static void check_all(struct doctor *d)
{
    for (const struct doctor_check *c = doctor_checks; c->name;) {
        if (c->of_cluster)
            c = check_clusters(d, c);
        else
            check(d, c++);
    }
}

static int examine(struct doctor *d)
{
    if (doctor_watch_start(d)) {
        fprintf(stderr, "mpijobd doctor: out of memory\n");
        return EXIT_FAILED;
    }
    check_all(d);
    doctor_print(d);
    int code = d->by_status[DOCTOR_FAILED] ? EXIT_FAILED : EXIT_DONE;
    doctor_watch(d, "the end");
    if (d->session_open)
        code = session_close(&d->s, code);
    doctor_watch_stop(d);
    doctor_report_free(d);
    needs_free(&d->needs);
    probe_free(&d->probe);
    buf_free(&d->policy_errors);
    return code;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct doctor d;
    struct options o;
    struct error err;
    int64_t timeout = TIMEOUT_MS * 1000;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    if (o.selector)
        return command_usage(command, "permissions cannot be limited to labels: leave out -l");
    if (o.request_timeout && duration_parse(o.request_timeout, &timeout, &err))
        return command_usage(command, "--request-timeout: %s", err.message);
    d = (struct doctor){.timeout_ms = timeout >= 1000 ? (uint64_t)timeout / 1000 : TIMEOUT_MS,
                        .json = o.output == OUTPUT_JSON};
    d.s.options = o;
    d.colour = !d.json && colour_wanted(STDOUT_FILENO);
    return examine(&d);
}

const struct command cmd_doctor = {
    "doctor",
    "[PATH...] [-n NAMESPACE] [-o json]",
    "Check the whole chain, from configuration to permissions, and say what helps",
    TAKES_CLUSTER | TAKES_SCOPE | TAKES_STATE | TAKES_OUTPUT,
    run,
    "  mpijobd doctor policies/       also whether these policies load, and have the permissions they need\n"
    "  mpijobd doctor -o json\n"
    "\nNothing is changed. It exits with 0 where nothing failed, else with 1. Run it as the daemon's user, with the "
    "daemon's\n"
    "configuration. A step may take 10s, or what --request-timeout says.\n"};
