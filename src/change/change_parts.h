/* A change's state, and what its files call of each other: change.c (its life), change_read.c (the object),
 * change_make.c (what it becomes, and the bytes that go out), change_judge.c (the verdict and the gate), change_send.c
 * (the write), change_launcher.c (what goes through the launcher), change_effect.c (the wait for the effect). */
#ifndef MPIJOBD_CHANGE_CHANGE_PARTS_H
#define MPIJOBD_CHANGE_CHANGE_PARTS_H

#include "change/change.h"
#include "change/write.h"
#include "loop/timer.h"
#include "mpijob/effect/launcher.h"

struct change {
    const struct site *site;
    enum change_verb verb;
    bool ours; /* a kind of job that is judged */
    bool json_patch, computed, dry_run, server_dry_run, destructive, through_launcher;
    char *texts; /* the block that holds the call's: those of the next lines */
    const char *kind, *name_space, *name, *wanted_version, *propagation, *policy, *handled_key, *handled_value;
    struct kube_resource resource; /* the path */
    struct mpijob_target target;   /* of a job: of the object that is changed */
    struct mpijob_changes changes;
    struct buf body;
    int64_t run;
    uint64_t wait_effect_ms;
    change_gate gate;
    change_done done;
    void *data;

    char *before; /* the object that is changed; NULL: not read, or a new one */
    size_t before_len;
    struct mpijob_view view; /* of it, once `viewed` */
    bool viewed;
    char uid[64], looked_at[64]; /* of it; looked_at: its resourceVersion */
    struct buf after;            /* what it becomes */
    struct mpijob_diff diff;
    struct mpijob_verdict verdict;
    int64_t judged_at; /* microseconds */

    struct kube_request *request; /* a read */
    struct cluster_wait wait;     /* the version is not served any more: which is? */
    const struct error *lost;     /* what said so (error_keep) */
    struct gate_wait at_gate;
    struct write *write;
    struct deadline pause;
    int tries;
    int64_t row;          /* of the journal, when it is written */
    char version_now[64]; /* the newest resourceVersion that is known */
    char *answer;         /* the object as the server gave it back; NULL: nothing came */
    size_t answer_len;
    char **warnings; /* of that answer, NULL-terminated */
    struct {
        struct mpijob_launcher_plan plan;
        struct write *write;
        char uid[64], version[64];
        int tries;
        int64_t row;
        bool asked, missing; /* the launcher was looked for; there is none */
        bool writing;        /* the job's own part is over */
    } launcher;
    struct {
        struct effect_watch *watch;
        enum effect_seen seen;
        uint64_t after_ms;
        char note[512];
        bool asked, over; /* over: given up */
    } effect;
    bool cancelled, abandoned, ended;
};

/* ---- change.c ---- */
/* Its end: calls done. err NULL: it is as the state says. sent: something was written, or would be. */
void change_finish(struct change *c, bool sent, const struct error *err);
void change_fail(struct change *c, const struct error *err);
void change_give_up(struct change *c); /* fails: cancelled */
/* Another try after a pause, with the object read anew; or the end with `why` where there were enough. */
void change_again(struct change *c, const struct error *why);

/* ---- change_read.c ---- */
void change_read(struct change *c); /* then change_consider */
/* The path of a job's kind in the version of target. */
void change_use(struct change *c, struct mpijob_target target);
/* A path of the version was not there: finds out which is, and reads anew. False: that is no help here. */
bool change_follow(struct change *c, const struct error *err);

/* ---- change_make.c ---- */
/* The object is at hand, or is a new one: what does it become? Then the verdict. */
void change_consider(struct change *c);
/* The bytes that go out, bound to the object that was looked at. */
int change_body(struct change *c, struct buf *out, struct error *err);
/* What the journal keeps of it. */
int change_journal_diff(struct change *c, struct buf *out, struct error *err);

/* ---- change_judge.c ---- */
/* Is there anything to be done, and may it be? Then the gate, then the write. before, after: absent for what is new or
 * goes. */
void change_judge(struct change *c, struct json before, struct json after);

/* ---- change_send.c ---- */
void change_send(struct change *c);

/* ---- change_launcher.c ---- */
bool change_wants_launcher(const struct change *c);
void change_read_launcher(struct change *c);  /* then change_judge */
void change_write_launcher(struct change *c); /* the last step */

/* ---- change_effect.c ---- */
enum mpijob_sign change_sign(const struct change *c);
/* True: it waits, and change_finish comes again later. */
bool change_wait_effect(struct change *c);

#endif
