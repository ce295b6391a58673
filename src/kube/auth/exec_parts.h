/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the exec plugins' source: exec.c runs the program, exec_prepare.c makes what it is given and finds it,
 * exec_report.c says what came of a run. */
#ifndef MPIJOBD_KUBE_AUTH_EXEC_PARTS_H
#define MPIJOBD_KUBE_AUTH_EXEC_PARTS_H

#include "kube/auth/source.h"
#include "loop/timer.h"
#include "loop/work.h"

#define EXEC_OUTPUT_MAX ((size_t)1 << 20)
#define EXEC_CHUNK 16384

enum exec_end { ENDED, TIMED_OUT, TOO_LONG, NOT_STARTED, NO_MEMORY };

struct exec_stream {
    uv_pipe_t pipe;
    struct exec *exec;
    bool ended;
};

struct exec {
    struct auth_source source;
    uv_loop_t *loop;
    uint64_t timeout_ms;
    char *name;  /* "ORIGIN: the exec plugin COMMAND" */
    char *texts; /* the block that holds the next three */
    const char *api_version, *command, *hint;
    char **argv, **env; /* env holds secrets */
    char **given;       /* within env: what the kubeconfig gave */
    struct buf info;    /* what the plugin is told (env[0]), without the cluster's CA, which belongs at ca_at */
    size_t ca_at;       /* 0: it is not told */
    char *ca_file;      /* it is read for each run; NULL: it does not change */
    struct buf ca;      /* the worker's, while `reading` */
    struct work work;
    bool reading;
    int read; /* 0, or why it could not be */

    /* A run. */
    bool running, exited;
    unsigned open; /* handles that libuv holds */
    enum exec_end end;
    int not_started; /* libuv's code */
    int64_t status;
    int signal;
    uv_process_t process;
    struct exec_stream out, err;
    struct deadline limit;
    struct buf text, tail;
    char chunk[EXEC_CHUNK]; /* wiped at the end of a run */

    void (*closed)(void *data); /* NULL: it goes on */
    void *closed_data;
};

/* --- exec_prepare.c --- */
/* 0 or ERR_NOMEM. */
int exec_make_argv(struct exec *x, const struct kube_exec *exec, struct error *err);
/* Ours, without what the kubeconfig sets itself, then that, then the plugin's instructions.
 * 0 or ERR_NOMEM. */
int exec_make_env(struct exec *x, const struct kube_config *config, struct error *err);
/* Reads ca_file into ca; blocks. As buf_read_file. */
int exec_read_ca(struct exec *x, struct error *err);
/* The next run is told this CA. 0 or ERR_NOMEM. */
int exec_tell_ca(struct exec *x, struct str ca, struct error *err);
/* The program's path in out (true), as a shell would find it. A PATH's empty part, the folder one is in,
 * is left out. */
bool exec_find(const char *command, struct buf *out);
/* ERR_NOT_FOUND: where the program was looked for, and the kubeconfig's hint. */
int exec_not_found(const struct exec *x, struct error *err);

/* --- exec_report.c --- */
/* What a run came to: 0 and a credential, or the error in words, with the program's last ones. */
int exec_describe(struct exec *x, struct credential *credential, struct error *err);
void exec_add_hint(const struct exec *x, struct error *err);

#endif
