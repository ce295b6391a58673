/* What `mpijobd doctor` is made of: checks in order, each of which says how it went and what helps, and may be what
 * later ones stand on. */
#ifndef MPIJOBD_CLI_DOCTOR_DOCTOR_H
#define MPIJOBD_CLI_DOCTOR_DOCTOR_H

#include "cli/doctor/doctor_probe.h"
#include "cli/session/needs.h"
#include "cli/session/session.h"

enum doctor_status { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED, DOCTOR_SKIPPED };
#define DOCTOR_STATUSES 4

struct doctor_line {
    enum doctor_status status;
    const char *check, *cluster; /* cluster NULL: there is only one, or it is about none */
    char *message, *cure;        /* cure NULL: nothing to do */
};

/* What later checks stand on. */
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
    bool (*run)(struct doctor *d); /* false: what is in `gives` is not there */
    unsigned needs, gives;         /* enum doctor_base */
    bool of_cluster;               /* made for each */
};

struct doctor {
    struct session s; /* open with BASE_CONFIG */
    bool session_open;
    const char *check;   /* under way: what doctor_say speaks of */
    const char *cluster; /* of the configuration's several, the one under way */
    unsigned bases;
    uint64_t timeout_ms; /* of a step that waits for the network */
    struct probe probe;
    const char *proxy; /* where the environment's proxy may be used: the variable's name */
    struct needs needs;
    struct buf policy_errors;
    size_t policy_count, policy_error_count;
    bool policies_named, policies_read;

    /* the report; under `mutex`, because the watchdog ends it where a check hangs */
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
/* A check begins. One that hangs in a file, a name or a lock is failed, and the program ends then with what is known.
 */
void doctor_watch(struct doctor *d, const char *check);
extern const struct doctor_check doctor_checks[]; /* ends at a NULL name */

/* ---- the checks ---- */
bool doctor_configuration(struct doctor *d); /* doctor_local.c */
bool doctor_kubeconfig(struct doctor *d);
bool doctor_state(struct doctor *d);
bool doctor_zones(struct doctor *d);
bool doctor_name(struct doctor *d); /* doctor_tls.c */
bool doctor_connection(struct doctor *d);
bool doctor_server_certificate(struct doctor *d);
bool doctor_client_certificate(struct doctor *d);
bool doctor_clock(struct doctor *d); /* doctor_server.c */
bool doctor_credentials(struct doctor *d);
bool doctor_versions(struct doctor *d);
bool doctor_controller(struct doctor *d);
bool doctor_permissions(struct doctor *d); /* doctor_permissions.c */
bool doctor_watching(struct doctor *d);    /* doctor_watch.c */
bool doctor_policies(struct doctor *d);    /* doctor_policies.c */
/* What the policies need, or any policy where none are given or some are broken. */
void doctor_read_policies(struct doctor *d);

#endif
