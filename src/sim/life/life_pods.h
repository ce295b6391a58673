/* The pods and the launcher Job of an MPIJob. */
#ifndef SIM_LIFE_LIFE_PODS_H
#define SIM_LIFE_LIFE_PODS_H
#include "sim/life/life_job.h"
#include "sim/life/rules.h"

enum pod_role { ROLE_LAUNCHER, ROLE_WORKER };

struct crew { /* a job with what belongs to it */
    struct sim *sim;
    struct life_job *j;
    json_object *doc;
    enum rules rules;
};

void crew_launch(struct crew *c, const char *phase); /* launcher and workers */
void crew_phase(struct crew *c, enum pod_role role, const char *phase);
void crew_remove(struct crew *c, enum pod_role role, bool only_running); /* the pods of that role */
void crew_remove_all(struct crew *c);                                    /* pods and the launcher Job */
void crew_finish_launcher(struct crew *c, bool good);
void crew_suspend_launcher(struct crew *c, bool suspend);
int64_t crew_launcher_value(struct crew *c, const char *field); /* of the launcher Job's or Pod's spec; -1: none */
bool crew_remove_launcher(struct crew *c);                      /* the Job with its pod; true if it was there */
int crew_workers(struct crew *c);
void crew_event(struct crew *c, const char *reason, const char *message);

/* Stores doc (without apiVersion and kind) as kind ns/name; takes it over. */
void life_store(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc);
json_object *life_read(struct sim *sim, enum kind kind, const char *ns, const char *name); /* NULL: no such object */
#endif
