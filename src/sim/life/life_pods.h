/* SPDX-License-Identifier: Apache-2.0 */
/* The pods and the launcher Job of an MPIJob. */
#ifndef SIM_LIFE_LIFE_PODS_H
#define SIM_LIFE_LIFE_PODS_H
#include "sim/life/life_job.h"
#include "sim/life/rules.h"

enum pod_role { ROLE_LAUNCHER, ROLE_WORKER };

struct crew { /* a job that is being looked at, with what belongs to it */
    struct sim *sim;
    struct life_job *j;
    json_object *doc; /* as it is stored */
    enum rules rules;
};

/* phase: "Pending", "Running", "Succeeded" or "Failed". What exists is not made again. */
void crew_launch(struct crew *c, const char *phase); /* launcher and workers */
void crew_phase(struct crew *c, enum pod_role role, const char *phase);
void crew_remove(struct crew *c, enum pod_role role, bool only_running); /* only_running: those that have ended stay */
void crew_remove_all(struct crew *c);                                    /* the pods and the launcher Job */
void crew_finish_launcher(struct crew *c, bool good);
void crew_suspend_launcher(struct crew *c, bool suspend);
int64_t crew_launcher_value(struct crew *c, const char *field); /* of its spec; -1: it has none */
bool crew_remove_launcher(struct crew *c);                      /* the Job with its pod; true: it was there */
int crew_workers(struct crew *c);                               /* how many are wanted */
void crew_event(struct crew *c, const char *reason, const char *message);

/* Stores doc (without apiVersion and kind) as the object ns/name of that kind, and frees it. */
void life_store(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc);
/* A new document; NULL: there is no such object. */
json_object *life_read(struct sim *sim, enum kind kind, const char *ns, const char *name);
/* Likewise, but as it was at last where it is gone; NULL, too, where nothing is known of it any more. */
json_object *life_last(struct sim *sim, enum kind kind, const char *ns, const char *name);
#endif
