/* What a command stands on: loop, clock, log, configuration, cluster, journal; opened as far as the command needs them,
 * and closed so that nothing is left on the loop. */
#ifndef MPIJOBD_CLI_SESSION_H
#define MPIJOBD_CLI_SESSION_H

#include "cli/config.h"
#include "cli/options.h"
#include "policy/engine.h"

struct session {
    const char *command;
    struct options options;
    struct config config;
    uv_loop_t loop;
    struct clock clock;
    struct log log;
    struct kube_config kube_config;
    struct cluster *cluster;
    struct store *store;
    struct engine *engine;
    const char **namespaces; /* in scope, NULL-terminated; NULL: all */
    const char *one_namespace[2];
    struct error error;
    bool flag;  /* what session_wait waits for */
    bool quiet; /* errors are left in `error` for the caller to tell */
};

/* Configuration, log and loop. 0, or the exit code after the error was told on standard error. */
int session_open(struct session *s, const char *command, const struct options *options);
/* Reads the kubeconfig and makes the cluster; no request yet. */
int session_cluster(struct session *s);
/* Finds out the versions, waiting for it. */
int session_connect(struct session *s);
/* scope: -n, -A, else the context's namespace (daemon: else the configured namespaces, else all). */
void session_scope(struct session *s, bool daemon);
int session_store(struct session *s);
const char *session_state_path(struct session *s, char out[4096]);
/* Runs the loop until s->flag is set. */
void session_wait(struct session *s);
/* Closes everything and checks that the loop holds nothing any more. Returns code (or EXIT_FAILED where something was
 * left). */
int session_close(struct session *s, int code);

/* "mpijobd COMMAND: message" on standard error; returns EXIT_FAILED. */
int session_fail(const struct session *s, const struct error *err);

bool colour_wanted(int fd);

#endif
