/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy keeps from run to run: JSON texts by key. A shelf is read on another thread at its first use; from then
 * on it is in memory, and what is put there is written through to the state file. Without one it is in memory only. */
#ifndef MPIJOBD_OUTSIDE_SHELF_H
#define MPIJOBD_OUTSIDE_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "loop/defer.h"

struct outside;
struct shelf;

#define SHELF_KEYS_MAX 1000
#define SHELF_KEY_MAX 256                 /* bytes */
#define SHELF_VALUE_MAX 65536             /* bytes of JSON */
#define SHELF_BYTES_MAX ((size_t)1 << 20) /* keys and values together */

/* Of that policy; made where it is not there. NULL: out of memory. It lives as long as the struct outside. */
struct shelf *shelf_of(struct outside *outside, const char *policy);
/* What is kept was read again, or is another replica's now: shelves are read again at their next use. */
void shelves_forget(struct outside *outside);

/* One who waits for a shelf: to be read, or for what was put there to be durable. */
struct shelf_wait {
    void (*done)(struct shelf_wait *wait); /* called once, never from within the function that takes the wait */
    struct error err;                      /* code 0: it went well */
    void *data;                            /* the owner's */
    struct shelf_wait *next;               /* the shelf's own, as all below */
    struct shelf *shelf;
    char *key, *before; /* to be put back where the write fails */
    int64_t before_expires;
    uint64_t number;
    struct defer soon;
};

/* True: it is in memory. False: wait->done comes when it is, or could not be read. */
bool shelf_ready(struct shelf *shelf, struct shelf_wait *wait);

/* The JSON text; ptr NULL: the key has no value, or it has expired. Valid until the shelf is changed. */
struct str shelf_get(struct shelf *shelf, const char *key);
/* value.ptr NULL: removes the key. expires_at: microseconds, 0: never. 0: wait->done comes when it is durable; where it
 * could not be written, what was there before is there again. ERR_LIMIT, ERR_NOMEM: nothing was changed, and done is
 * not called. */
int shelf_put(struct shelf *shelf, const char *key, struct str value, int64_t expires_at, struct shelf_wait *wait,
              struct error *err);
/* The keys that begin with prefix, in no order. each returns false to stop. */
void shelf_keys(struct shelf *shelf, const char *prefix, bool (*each)(void *data, const char *key), void *data);

#endif
