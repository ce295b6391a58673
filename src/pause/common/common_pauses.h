/* SPDX-License-Identifier: Apache-2.0 */
/* The pauses of daemons that share the jobs, in one ConfigMap: a policy's name is a key of its data, and the value is
 * the mark (pauses.h). It takes the place of the store's file for these rows (store/kept.h). A daemon looks at it
 * again and again, and before it acts for a shard: nobody acts on a shard who does not know what was paused by then.
 * What cannot be read stays as it was. For the loop's thread. */
#ifndef MPIJOBD_PAUSE_COMMON_COMMON_PAUSES_H
#define MPIJOBD_PAUSE_COMMON_COMMON_PAUSES_H

#include <uv.h>

#include "base/log.h"
#include "lead/lead.h"
#include "pause/paused.h"

#define COMMON_PAUSES_ENDING "-pauses" /* of the ConfigMap's name, behind that of the roll (lead/shards.h) */

struct common_pauses;
struct defer_queue;
struct kube;
struct kube_config;
struct metrics;
struct store;

struct common_pauses_options {
    uv_loop_t *loop;
    struct defer_queue *soon;
    const struct log *log;
    struct metrics *metrics;          /* NULL: nothing is counted */
    struct store *store;              /* whose rows of pauses these are from now on */
    const struct kube_config *server; /* over a connection of its own */
    const char *cluster;              /* as which that is counted */
    const char *name_space, *name;    /* of the ConfigMap. Copied */
    int64_t every;                    /* microseconds between two looks */
    const struct paused *own;         /* pauses of this daemon's file: they are moved to the others' at the start */
    /* Another daemon has paused the policy by that mark, or has resumed it (mark NULL). */
    void (*changed)(void *data, const char *policy, const struct paused_mark *mark);
    void *data;
};

/* One look at that ConfigMap, by a program that is no such daemon: adds what is paused by it, if there is one. done
 * comes once, later, with errors as of kube.h; 0, or an error of kube_get or ERR_NOMEM: then it does not come. `kube`
 * and `paused` outlive it. */
int common_pauses_look(struct kube *kube, const char *name_space, const char *name, struct paused *paused,
                       void (*done)(void *data, const struct error *err), void *data, struct error *err);

/* All that options name outlives it, but for texts. Blocks: reads the files of `server`. Errors as of kube_open. */
int common_pauses_open(const struct common_pauses_options *options, struct common_pauses **pauses, struct error *err);
/* A guest of a shard's lead: that is ready when what is paused was read after it has begun. */
struct common_guest {
    struct lead_guest guest;
    struct lead *lead;
    struct common_pauses *of;
    bool waits, asked; /* for a reading; one that was begun since is under way */
    struct common_guest *prev, *next;
};
/* The guest stays in place until common_pauses_close, which has it part from the lead. */
void common_pauses_join(struct common_pauses *pauses, struct lead *lead, struct common_guest *guest);
void common_pauses_start(struct common_pauses *pauses);
/* What waits to be written fails. closed (may be NULL) is called when it is gone. NULL is allowed, and nothing is
 * called then. */
void common_pauses_close(struct common_pauses *pauses, void (*closed)(void *data), void *data);

#endif
