/* SPDX-License-Identifier: Apache-2.0 */
/* A page of a list of jobs for people: those that fit, in an order, so many behind a place. It takes the memory of two
 * pages at most, however many jobs there are. */
#ifndef MPIJOBD_INVENTORY_JOBS_LIST_H
#define MPIJOBD_INVENTORY_JOBS_LIST_H

#include "base/buf.h"
#include "mpijob/view.h"

enum jobs_order {
    JOBS_BY_NAME,     /* namespace, name */
    JOBS_BY_CREATED,  /* the newest first */
    JOBS_BY_FINISHED, /* the newest end first; those that have not ended last */
    JOBS_BY_GPUS,     /* the most first; that the job asks for */
    JOBS_BY_HELD,     /* the most first; that it holds, though it has ended */
    JOBS_BY_PHASE
};
/* "name", "created", "finished", "gpus", "held", "phase"; NULL: name. ERR_INVALID (names the nearest). */
int jobs_order_parse(const char *text, enum jobs_order *order, struct error *err);

#define JOBS_LIST_MOST 10000 /* of a page */
#define JOBS_PLACE_MAX 640   /* bytes of the text of a place, with its NUL */

struct job_row;
struct jobs_list {
    /* The caller's, before the first job: */
    enum jobs_order order;
    bool reverse;
    bool holding; /* only jobs that have ended and hold GPUs */
    size_t limit; /* 1 to JOBS_LIST_MOST */
    /* Its own: */
    struct job_row **rows, *after;
    size_t count, cap;
    int64_t total; /* that fit, on this page or not */
    bool more;     /* some stand behind the page */
};

/* What comes behind that place, a text of jobs_list_next. ERR_INVALID: it is no such text; ERR_NOMEM. */
int jobs_list_after(struct jobs_list *list, const char *place, struct error *err);
/* 0 or ERR_NOMEM. */
int jobs_list_add(struct jobs_list *list, const char *cluster, const struct mpijob_view *view, struct error *err);
/* All have been added: the page is put in order. */
void jobs_list_close(struct jobs_list *list);
/* Then: the i-th job as an object of JSON; valid until jobs_list_free. */
struct str jobs_list_at(const struct jobs_list *list, size_t i);
/* The place behind the page. False: nothing is there. */
bool jobs_list_next(const struct jobs_list *list, struct buf *out);
void jobs_list_free(struct jobs_list *list);

#endif
