#include "cli/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "time/duration.h"

int session_fail(const struct session *s, const struct error *err)
{
    if (!s->quiet)
        fprintf(stderr, "mpijobd %s: %s\n", s->command, err->message);
    return EXIT_FAILED;
}

bool colour_wanted(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static int read_log_options(struct session *s)
{
    const struct options *o = &s->options;
    log_init(&s->log, STDERR_FILENO, &s->clock);
    s->log.level = s->config.log_level;
    s->log.format = s->config.log_format;
    s->log.colour = s->log.format == LOG_TEXT && colour_wanted(STDERR_FILENO);
    if (o->log_level && !log_level_parse(o->log_level, &s->log.level))
        return error_set(&s->error, ERR_INVALID, "--log-level takes debug, info, warn or error, not \"%s\"",
                         o->log_level);
    if (o->log_format && strcmp(o->log_format, "json") == 0)
        s->log.format = LOG_JSON;
    else if (o->log_format && strcmp(o->log_format, "text") != 0)
        return error_set(&s->error, ERR_INVALID, "--log-format takes text or json, not \"%s\"", o->log_format);
    return 0;
}

int session_open(struct session *s, const char *command, const struct options *options)
{
    struct rlimit no_core = {0, 0};
    *s = (struct session){.command = command, .options = *options};
    signal(SIGPIPE, SIG_IGN);         /* a peer that goes away is an error of that call */
    setrlimit(RLIMIT_CORE, &no_core); /* credentials never reach a core file */
#ifndef __SANITIZE_ADDRESS__          /* the leak checker has to attach to the process */
    prctl(PR_SET_DUMPABLE, 0);
#endif
    srand((unsigned)clock_monotonic() ^ (unsigned)getpid());
    if (config_load(options->config, &s->config, &s->error))
        return session_fail(s, &s->error);
    if (read_log_options(s)) {
        config_free(&s->config);
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    if (uv_loop_init(&s->loop)) {
        error_nomem(&s->error);
        return session_fail(s, &s->error);
    }
    return 0;
}

int session_cluster(struct session *s)
{
    const struct options *o = &s->options;
    const struct config *c = &s->config;
    bool named = o->kubeconfig || o->context; /* the command line wins over the configuration as a whole */
    struct kube_config_source source = {
        .kubeconfig = o->kubeconfig ? o->kubeconfig
                      : o->context  ? NULL
                                    : c->kubeconfig,
        .context = o->context      ? o->context
                   : o->kubeconfig ? NULL
                                   : c->context,
        .server = named ? NULL : c->server,
        .token_file = named ? NULL : c->token_file,
        .ca_file = named ? NULL : c->ca,
        .access_key_file = named ? NULL : c->access_key_file,
        .secret_key_file = named ? NULL : c->secret_key_file,
        .security_token_file = named ? NULL : c->security_token_file,
        .iam = !named && c->auth == AUTH_HUAWEI_IAM ? &c->iam : NULL,
        .service_account = named ? NULL : c->service_account,
        .as_user = o->as,
        .as_uid = o->as_uid,
        .as_groups = o->as_groups,
        .in_cluster = !named && c->auth == AUTH_IN_CLUSTER,
    };
    if (kube_config_load(&source, &s->kube_config, &s->error))
        return session_fail(s, &s->error);
    if (o->name_space) { /* what a name without a namespace means, in Lua too */
        char *name_space = str_dup(str_of(o->name_space));
        if (!name_space)
            return session_fail(s, (error_nomem(&s->error), &s->error));
        free(s->kube_config.name_space);
        s->kube_config.name_space = name_space;
    }
    int64_t timeout = c->http_timeout;
    if (o->request_timeout && duration_parse(o->request_timeout, &timeout, &s->error)) {
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    struct kube_options kube = {
        .connections = c->http_connections,
        .timeout_ms = (uint64_t)timeout / 1000,
        .log = &s->log,
        .user_agent = "mpijobd/" MPIJOBD_VERSION,
        .impatient = strcmp(s->command, "run") != 0 || o->once,
    };
    struct cluster_options cluster = {
        .config = &s->kube_config,
        .kube = &kube,
        .api_version = o->api_version ? o->api_version : c->version,
        .gpus = (const char *const *)c->gpu_resources,
        .log = &s->log,
    };
    const char *controller = o->controller ? o->controller : c->controller;
    if (controller && strcmp(controller, "auto") != 0 &&
        !mpijob_controller_parse(str_of(controller), &cluster.controller)) {
        error_set(&s->error, ERR_INVALID,
                  "unknown controller \"%s\": it is one of auto, mpi-operator, training-operator, cci", controller);
        return session_fail(s, &s->error);
    }
    if (cluster_new(&s->loop, &cluster, &s->cluster, &s->error))
        return session_fail(s, &s->error);
    return 0;
}

static void connected(void *data, const struct error *err)
{
    struct session *s = data;
    s->flag = true;
    error_clear(&s->error);
    if (err)
        s->error = *err;
}

void session_wait(struct session *s)
{
    while (!s->flag && uv_run(&s->loop, UV_RUN_ONCE)) {
    }
    s->flag = false;
}

int session_connect(struct session *s)
{
    if (s->options.log_level == NULL && s->log.level == LOG_INFO)
        s->log.level = LOG_WARN; /* a short command tells its result, not its steps */
    cluster_connect(s->cluster, connected, s);
    session_wait(s);
    return s->error.code ? session_fail(s, &s->error) : 0;
}

void session_scope(struct session *s, bool daemon)
{
    const struct options *o = &s->options;
    const char *one = o->all_namespaces ? NULL
                      : o->name_space   ? o->name_space
                      : daemon          ? NULL
                                        : s->kube_config.name_space;
    s->one_namespace[0] = one;
    if (one)
        s->namespaces = s->one_namespace;
    else if (daemon && !o->all_namespaces && s->config.namespaces && s->config.namespaces[0])
        s->namespaces = (const char **)s->config.namespaces;
}

const char *session_state_path(struct session *s, char out[4096])
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    if (s->options.state || s->config.state)
        snprintf(out, 4096, "%s", s->options.state ? s->options.state : s->config.state);
    else if (geteuid() == 0 || (!home && !state))
        snprintf(out, 4096, "/var/lib/mpijobd/state.db");
    else if (state)
        snprintf(out, 4096, "%s/mpijobd/state.db", state);
    else
        snprintf(out, 4096, "%s/.local/state/mpijobd/state.db", home);
    return out;
}

int session_store(struct session *s)
{
    char path[4096];
    if (store_open(&s->loop, session_state_path(s, path), &s->log, &s->store, &s->error))
        return session_fail(s, &s->error);
    return 0;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

static void tell_left(uv_handle_t *handle, void *data)
{
    (void)data;
    fprintf(stderr, "mpijobd: internal error: a %s handle was left open\n", uv_handle_type_name(handle->type));
}

int session_close(struct session *s, int code)
{
    s->flag = false;
    if (s->engine) {
        engine_stop(s->engine, 0, closed, s);
        session_wait(s);
    }
    if (s->cluster) {
        cluster_close(s->cluster, closed, s);
        session_wait(s);
    }
    if (s->store) {
        store_close(s->store, closed, s);
        session_wait(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&s->loop)) {
        uv_walk(&s->loop, tell_left, NULL);
        code = EXIT_FAILED;
    }
    kube_config_free(&s->kube_config);
    config_free(&s->config);
    return code;
}
