/* A verb's insides, shared by the files verb*.c only. */
#ifndef MPIJOBD_CHANGE_VERB_PARTS_H
#define MPIJOBD_CHANGE_VERB_PARTS_H

#include "change/verb.h"
#include "loop/timer.h"

struct verb {
    const struct site *site;
    enum write_verb verb;
    char *group, *version, *plural, *kind, *name_space, *name, *wanted_version, *propagation, *policy;
    struct kube_resource resource;
    struct mpijob_target target;
    struct buf body, before, after, sent; /* after: as it would become; sent: what goes out */
    struct mpijob_diff diff;
    struct mpijob_verdict verdict;
    char uid[64], resource_version[64];
    struct kube_request *request;
    struct write *write;
    struct deadline pause;
    int tries;
    int64_t run;
    bool ours, json_patch, dry_run, destructive, cancelled, ended;
    int (*gate)(void *data, const struct verb_intent *intent, struct error *err);
    verb_done done;
    void *data;
};

/* verb.c: the end, with what was written (NULL: nothing) or err. */
void verb_finish(struct verb *v, const struct write_result *written, bool changed, const struct error *err);
void verb_fail(struct verb *v, const struct error *err);

/* verb_judge.c: what the object becomes; sets diff and after, whose bytes `*after` points into. */
int verb_work_out(struct verb *v, struct json before, struct json *after, struct error *err);
/* What comes of that, into verdict; what does harm, and what destroys and is not allowed by name, is refused. before:
 * absent at a create. */
int verb_judge(struct verb *v, struct json before, struct json after, struct error *err);

/* verb_send.c: the bytes that go out, into sent. */
int verb_prepare(struct verb *v, struct error *err);
/* Journals and sends them; ends in verb_finish, or in another look after a conflict. */
void verb_send(struct verb *v);

#endif
