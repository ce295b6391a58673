/* SPDX-License-Identifier: Apache-2.0 */
/* What `mpijobd doctor` is made of: checks in order. Each says how it went and what helps, and may give what later ones
 * need. */
#ifndef MPIJOBD_CLI_DOCTOR_DOCTOR_H
#define MPIJOBD_CLI_DOCTOR_DOCTOR_H

#include "cli/doctor/doctor_probe.h"
#include "cli/session/needs.h"
#include "cli/session/session.h"

enum doctor_status { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED, DOCTOR_SKIPPED };
#define DOCTOR_STATUSES 4

struct doctor_line {
    enum doctor_status status;
    const char *check, *cluster; /* cluster NULL: there is only one, or the check is about none */
    char *message, *cure;        /* cure NULL: there is nothing to do */
};

/* What a check may give, and later ones need. */
enum doctor_base {
    BASE_CONFIG = 1 << 0,
    BASE_KUBECONFIG = 1 << 1,
    BASE_NAME = 1 << 2,
    BASE_CONNECTION = 1 << 3,
    BASE_TRUST = 1 << 4,
    BASE_ANSWER = 1 << 5,
    BASE_CLIENT = 1 << 6,
    BASE_USER = 1 << 7,
    BASE_VERSIONS = 1 << 8,
};

struct doctor;
struct doctor_check {
    const char *name;
    bool (*run)(struct doctor *d); /* true: what is in `gives` is there now */
    unsigned needs, gives;         /* enum doctor_base */
    bool of_cluster;               /* made once for each cluster */
};

struct doctor {
    struct session s; /* open with BASE_CONFIG */
    bool session_open;
    const char *check;   /* the one under way, which doctor_say names */
    const char *cluster; /* the one under way, where the configuration has several */
    unsigned bases;
    uint64_t timeout_ms; /* of a step that waits for the network */
    struct probe probe;
    const char
        *proxy; /* the environment variable that names a proxy for the server; "proxy-url"; NULL: there is no proxy */
    struct needs needs;
    struct buf policy_errors;
    size_t policy_count, policy_error_count;
    bool policies_named, policies_read;

    /* the report; guarded by `mutex`, because the watchdog finishes it where a check hangs */
    struct doctor_line *lines;
    size_t count;
    int64_t by_status[DOCTOR_STATUSES];
    bool json, colour;

    uv_mutex_t mutex;
    uv_cond_t changed;
    uv_thread_t watchdog;
    uint64_t until; /* uv_hrtime; 0: not watching */
    bool over;
};

/* ---- doctor_report.c ---- */
void doctor_say(struct doctor *d, enum doctor_status status, const char *cure, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The end of the report. */
void doctor_print(struct doctor *d);
void doctor_report_free(struct doctor *d);

/* ---- doctor_wait.c: nothing waits for ever ---- */
int doctor_watch_start(struct doctor *d);
void doctor_watch_stop(struct doctor *d);
/* A check begins. Where it hangs (in a file, a name or a lock) it has failed,
 * and the program ends with what is known. */
void doctor_watch(struct doctor *d, const char *check);
extern const struct doctor_check doctor_checks[]; /* ends at a NULL name */

/* ---- the checks ---- */
bool doctor_configuration(struct doctor *d); /* doctor_local.c */
bool doctor_kubeconfig(struct doctor *d);
bool doctor_state(struct doctor *d);
bool doctor_https(struct doctor *d);
bool doctor_zones(struct doctor *d);
bool doctor_name(struct doctor *d); /* doctor_tls.c */
bool doctor_connection(struct doctor *d);
bool doctor_server_certificate(struct doctor *d);
bool doctor_client_certificate(struct doctor *d);
bool doctor_clock(struct doctor *d); /* doctor_server.c */
bool doctor_credentials(struct doctor *d);
bool doctor_versions(struct doctor *d);
bool doctor_controller(struct doctor *d);
bool doctor_permissions(struct doctor *d);
bool doctor_watching(struct doctor *d); /* doctor_watch.c */
bool doctor_policies(struct doctor *d); /* doctor_policies.c */
/* Where an election is configured, as a check of its own; doctor_lead.c. */
void doctor_lead(struct doctor *d);
/* Of that election: the state that its daemons share; doctor_shared.c. */
struct lead_place;
void doctor_shared(struct doctor *d, const struct lead_place *place);
/* Fills d->needs: what the policies need; where none are given or some are broken, what any policy may need. */
void doctor_read_policies(struct doctor *d);
/* Warns of each policy that stands aside on the cluster at hand, whose versions are known. */
void doctor_tell_aside(struct doctor *d);

#endif
