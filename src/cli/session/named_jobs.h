/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs that a command line names (by name in the namespace, by selector, or all),
 * and the pods of those in scope. */
#ifndef MPIJOBD_CLI_SESSION_NAMED_JOBS_H
#define MPIJOBD_CLI_SESSION_NAMED_JOBS_H

#include "cli/session/session.h"
#include "mpijob/match/match.h"
#include "mpijob/pods.h"

struct jobs {
    struct found_job {
        char *bytes;
        size_t len;
        struct mpijob_view view; /* into bytes */
    } * items;
    size_t count, cap;
    bool deleting; /* to be set before: those that are being deleted, too */
    int missing;   /* named and not there, which standard error says */
};

/* 0, or the exit code; what was found is in jobs either way. */
int jobs_look_up(struct session *s, struct jobs *jobs);
void jobs_release(struct jobs *jobs);
/* Says that -A does not go with a name, and that the first one is no kind where it may have been meant as one. Returns
 * the exit code. */
int jobs_need_namespace(struct session *s);

/* Calls visit with every job of the namespaces in scope that matches, -l included, one after the other; none is kept.
 * The object is valid during the call, which returns 0, or an error code with s->error set. 0, or the exit code after
 * the error was printed. */
typedef int (*jobs_visit)(void *data, struct str object);
int jobs_each(struct session *s, struct mpijob_match *match, jobs_visit visit, void *data);

/* Is the namespace of -n there? Asked where nothing was found in it: a server lists what is in a namespace that does
 * not exist as empty. 0: it is, or there is no -n, or it cannot be told (403); else the exit code after that was
 * printed. */
int namespace_check(struct session *s);

/* The pods of the jobs in scope, counted, for commands that say what jobs hold. The caller frees them
 * (mpijob_pods_free). NULL with *why set: they cannot be listed, which is no failure of the command. */
struct mpijob_pods *pods_count(struct session *s, struct error *why);

#endif
