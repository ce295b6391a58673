/* SPDX-License-Identifier: Apache-2.0 */
/* A list of texts between those who add and the thread that writes. */
#include "base/outlet.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/reserve.h"

#define STACK_BYTES (256 << 10)
#define GATHER_MS 2        /* after a write, what is added meanwhile waits for the next one: a busy log wakes nobody */
#define GATHER_BYTES 65536 /* so much is not waited for */
#define RESERVED_BYTES 16384 /* of what waits, so much may be from the reserve */
#define WRITE_BYTES 4096     /* PIPE_BUF: a pipe takes so much whole, whoever else writes to it */

struct text {
    struct text *next;
    uint64_t tells; /* of so many lost lines; 0: it is not such a line */
    size_t len;
    char bytes[];
};

struct outlet {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock; /* of the list and the flags; held for a few instructions */
    pthread_cond_t added, written;
    struct text *first, **end;
    bool ending, asleep, hurried; /* asleep: the next text wakes the thread; hurried: it gathers nothing more */
    size_t listed;                /* bytes of the list alone */
    atomic_bool choked;           /* something was dropped, and half of the queue is not free again */
    int failed;                   /* errno of the first write that failed */
    atomic_size_t waiting;        /* bytes of the list and of the text that is being written */
    atomic_uint_fast64_t lost, untold;
    struct outlet *next; /* of those that were left behind */
};

int outlet_write_now(int fd, const char *ptr, size_t len)
{
    while (len) {
        ssize_t n = write(fd, ptr, len);
        if (n < 0 && errno == EAGAIN) { /* another program that shares the descriptor has made it so */
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (n < 0 && errno != EINTR) {
            return errno;
        } else if (n > 0) {
            ptr += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static void count_lost(struct outlet *o, struct str text, uint64_t tells)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.len && !tells; i++)
        lines += text.ptr[i] == '\n';
    atomic_fetch_add(&o->lost, lines);
    atomic_fetch_add(&o->untold, tells ? tells : lines);
}

static size_t cost(size_t len)
{
    return sizeof(struct text) + len + 2 * sizeof(size_t); /* what malloc keeps beside it */
}

static struct timespec from_now(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + (int64_t)(ms % 1000) * 1000000;
    t.tv_sec += ms / 1000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    return t;
}

/* All that waits, or NULL at the end. `wrote`: the last write was just now. */
static struct text *take(struct outlet *o, bool wrote)
{
    struct timespec until = from_now(GATHER_MS);
    pthread_mutex_lock(&o->lock);
    for (int rc = 0; wrote && !rc && !o->ending && !o->hurried && o->listed < GATHER_BYTES;)
        rc = pthread_cond_timedwait(&o->added, &o->lock, &until);
    o->asleep = true;
    while (!o->first && !o->ending)
        pthread_cond_wait(&o->added, &o->lock);
    o->asleep = false;
    struct text *t = o->first;
    o->first = NULL;
    o->end = &o->first;
    o->listed = 0;
    pthread_mutex_unlock(&o->lock);
    return t;
}

/* The texts of one write: as many as fit into WRITE_BYTES, and one at least. Returns the first that is not among
 * them. */
static struct text *write_some(struct outlet *o, struct text *first)
{
    char bytes[WRITE_BYTES];
    struct text *end = first->next;
    size_t len = first->len, gone = 0;
    const char *ptr = first->bytes;
    if (end && len + end->len <= sizeof bytes) {
        memcpy(bytes, first->bytes, len);
        ptr = bytes;
        for (; end && len + end->len <= sizeof bytes; end = end->next) {
            memcpy(bytes + len, end->bytes, end->len);
            len += end->len;
        }
    }
    int why = outlet_write_now(o->fd, ptr, len);
    for (struct text *t = first, *next; t != end; t = next) {
        next = t->next;
        if (why)
            count_lost(o, str_n(t->bytes, t->len), t->tells);
        gone += cost(t->len);
        reserve_free(t);
    }
    pthread_mutex_lock(&o->lock);
    o->failed = o->failed ? o->failed : why;
    if (atomic_fetch_sub(&o->waiting, gone) == gone)
        pthread_cond_signal(&o->written);
    pthread_mutex_unlock(&o->lock);
    return end;
}

static void *work(void *data)
{
    struct outlet *o = data;
    bool wrote = false;
    for (struct text *t; (t = take(o, wrote)); wrote = true) {
        while (t)
            t = write_some(o, t);
    }
    return NULL;
}

/* The thread gets no signals: the loop's thread waits for them. */
static int start(struct outlet *o)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_condattr_t monotonic;
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->added, &monotonic);
    pthread_cond_init(&o->written, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&o->thread, &attributes, work, o);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rc;
}

static void free_outlet(struct outlet *o)
{
    pthread_cond_destroy(&o->added);
    pthread_cond_destroy(&o->written);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

int outlet_open(int fd, struct outlet **out, struct error *err)
{
    struct outlet *o = calloc(1, sizeof *o);
    if (!o)
        return error_nomem(err);
    o->fd = fd;
    o->end = &o->first;
    int rc = start(o);
    if (rc) {
        free_outlet(o);
        return error_set(err, ERR_IO,
                         "no thread can be started: %s; raise the limit of processes and threads (ulimit -u, or "
                         "pids.max of the container or service)",
                         strerror(rc));
    }
    *out = o;
    return 0;
}

/* Whether `more` may wait, too. */
static bool has_room(struct outlet *o, size_t more)
{
    size_t waiting = atomic_load(&o->waiting);
    bool room = waiting + more <= (atomic_load(&o->choked) ? OUTLET_BYTES_MAX / 2 : OUTLET_BYTES_MAX);
    atomic_store(&o->choked, !room);
    return room;
}

/* Where memory has run out, a few lines find room all the same: that it has run out is one of them. */
static void *room_for(const struct outlet *o, size_t size)
{
    return atomic_load(&o->waiting) + size <= RESERVED_BYTES ? reserve_malloc(size) : malloc(size);
}

static bool add(struct outlet *o, struct str text, uint64_t tells)
{
    struct text *t = has_room(o, cost(text.len)) ? room_for(o, sizeof *t + text.len) : NULL;
    if (!t) {
        count_lost(o, text, tells);
        return false;
    }
    t->next = NULL;
    t->tells = tells;
    t->len = text.len;
    memcpy(t->bytes, text.ptr, text.len);
    pthread_mutex_lock(&o->lock);
    *o->end = t;
    o->end = &t->next;
    o->listed += cost(t->len);
    atomic_fetch_add(&o->waiting, cost(t->len));
    bool wake = o->asleep || o->listed >= GATHER_BYTES;
    o->asleep = false; /* it is woken once */
    pthread_mutex_unlock(&o->lock);
    if (wake)
        pthread_cond_signal(&o->added);
    return true;
}

bool outlet_add(struct outlet *o, struct str text)
{
    return !text.len || add(o, text, 0);
}

uint64_t outlet_lost(const struct outlet *o)
{
    return atomic_load(&o->lost);
}

uint64_t outlet_take_untold(struct outlet *o)
{
    if (!atomic_load(&o->untold) || (atomic_load(&o->choked) && !has_room(o, 0)))
        return 0;
    return atomic_exchange(&o->untold, 0);
}

void outlet_tell(struct outlet *o, struct str text, uint64_t untold)
{
    add(o, text, untold);
}

bool outlet_settle(const struct outlet *o, unsigned ms)
{
    for (unsigned i = 0; atomic_load(&o->waiting); i++) {
        if (i == ms)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

/* Under the lock. */
static void await_written(struct outlet *o, int ms)
{
    struct timespec until = from_now(ms > 0 ? ms : 0);
    int rc = 0;
    o->hurried = true;
    pthread_cond_signal(&o->added);
    while (atomic_load(&o->waiting) && rc != ETIMEDOUT)
        rc = ms < 0 ? pthread_cond_wait(&o->written, &o->lock) : pthread_cond_timedwait(&o->written, &o->lock, &until);
}

int outlet_close(struct outlet *o, int ms)
{
    pthread_mutex_lock(&o->lock);
    await_written(o, ms);
    bool stuck = atomic_load(&o->waiting) != 0;
    o->ending = true;
    pthread_cond_signal(&o->added);
    pthread_mutex_unlock(&o->lock);
    if (stuck) {
        static _Atomic(struct outlet *) left; /* what is known is no leak to a sanitizer */
        o->next = atomic_exchange(&left, o);
        pthread_detach(o->thread);
        return ETIMEDOUT;
    }
    pthread_join(o->thread, NULL);
    int failed = o->failed;
    free_outlet(o);
    return failed;
}
