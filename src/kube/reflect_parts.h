/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a reflector share: reflect.c pauses, and begins what comes next; reflect_list.c lists;
 * reflect_watch.c watches and decides what a watch's end means. */
#ifndef MPIJOBD_KUBE_REFLECT_PARTS_H
#define MPIJOBD_KUBE_REFLECT_PARTS_H

#include "kube/kube_parts.h"
#include "kube/reflect.h"
#include "kube/verbs.h"
#include "loop/timer.h"

enum stage { ASKING, LISTING, STREAMING, WATCHING, PROBING, PAUSING, STOPPED };

/* How all objects are got. What each promises is in reflect_list.c. */
enum way { BY_STREAM, BY_CACHE, BY_PAGES };

struct kube_reflect {
    struct kube *kube;
    struct kube_reflect_call call;
    char *texts; /* the block that holds call's */
    enum stage stage;
    enum way way;
    struct kube_list *list;
    struct kube_whole *whole;
    struct kube_streaming_wait streaming;
    struct kube_watch *watch;
    struct deadline timer;
    struct backoff backoff; /* between tries that fail */
    struct buf version;     /* to watch from; empty: a list is needed */
    struct buf least;       /* what the next list must not be older than; empty: it may be of any age */
    bool newest;            /* the next list is to be of the very state that the server has now */
    int64_t page;
    unsigned tries, fruitless;
    int64_t retry_after_ms; /* what the server asked for at a watch's end; -1: nothing */
    uint64_t began;         /* the watch, in milliseconds of the loop's clock */
    uint64_t heard;         /* before this watch; 0: never */
    bool troubled;          /* the last that the owner heard was trouble */
    bool fed;               /* this watch told something */
    bool doubt;             /* the server may have another past by now: see reflect_probe */
    unsigned timeout_s;     /* asked of this watch */
    bool brief; /* the server sends no bookmarks while nothing changes: have it end watches before they look dead */
    void (*closed)(void *data);
    void *closed_data;
};

static inline uint64_t reflect_now(const struct kube_reflect *r)
{
    return uv_now(r->kube->loop);
}

/* --- reflect.c --- */
/* A list, a probe or a watch follows, depending on whether there is a version to watch from. */
void reflect_after(struct kube_reflect *r, uint64_t ms);
void reflect_back_off(struct kube_reflect *r);
/* Backs off and tells the owner, who may close it. */
void reflect_fail(struct kube_reflect *r, const struct error *err);
bool reflect_error_lasts(const struct error *err); /* it does not pass by itself soon */
bool reflect_tell_well(struct kube_reflect *r);    /* after trouble; false: the owner has closed it */
int reflect_keep_version(struct kube_reflect *r, struct str version);
void reflect_forget(struct kube_reflect *r);  /* the version: what follows is a list that is not older */
void reflect_give_up(struct kube_reflect *r); /* an object could not be kept */

/* --- reflect_list.c --- */
void reflect_begin_list(struct kube_reflect *r);
void reflect_streaming_known(struct kube_streaming_wait *wait, bool streams);
void reflect_stop_list(struct kube_reflect *r);      /* whatever of it is under way */
void reflect_stop_streaming(struct kube_reflect *r); /* this server's stream leads nowhere: lists from now on */

/* --- reflect_watch.c --- */
/* From the version held, or with all objects as its first events. */
void reflect_open_watch(struct kube_reflect *r, bool initial_events);
void reflect_probe(struct kube_reflect *r);

#endif
