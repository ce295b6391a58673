/* SPDX-License-Identifier: Apache-2.0 */
/* Objects packed by zstd with a dictionary that was trained on objects like them: a job of 3.3 KB becomes some hundred
 * bytes, in microseconds, and comes back without loss.
 *
 * A dictionary is trained on a worker thread. One that was replaced stays as long as an object is packed with it. */
#ifndef MPIJOBD_CACHE_PACK_H
#define MPIJOBD_CACHE_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"

struct pack;

int pack_new(uv_loop_t *loop, struct pack **pack, struct error *err); /* 0 or ERR_NOMEM */
/* trained is not called any more. closed (may be NULL) is called when the memory is gone: within this call, or on the
 * loop when a training under way has ended. */
void pack_close(struct pack *pack, void (*closed)(void *data), void *data);

struct packed {
    struct str bytes;   /* valid until the next call of pack_encode */
    uint8_t dictionary; /* 0: packed without one */
};
int pack_encode(struct pack *pack, struct str raw, struct packed *out); /* 0 or ERR_NOMEM */
/* Into out, which has room for the raw object's raw_len bytes. 0 or ERR_NOMEM: nothing else can happen to what
 * pack_encode has made. */
int pack_decode(const struct pack *pack, struct str packed, uint8_t dictionary, char *out, size_t raw_len);

/* One more object is packed with that dictionary, or one less. */
void pack_hold(struct pack *pack, uint8_t dictionary);
void pack_release(struct pack *pack, uint8_t dictionary);
uint8_t pack_current(const struct pack *pack);
unsigned pack_trained(const struct pack *pack); /* dictionaries that were taken into use */
size_t pack_memory(const struct pack *pack);    /* bytes */

/* Samples that a dictionary may be trained on. */
struct samples {
    struct buf bytes;
    size_t *sizes;
    size_t count, cap;
};
#define SAMPLE_MAX 16384 /* bytes */
/* Leaves out objects that are longer than SAMPLE_MAX, and all where memory is out. */
void samples_add(struct samples *samples, struct str raw);
void samples_free(struct samples *samples);

/* Trains a dictionary on the samples, which belong to the pack from here on. The last quarter is not trained on: the
 * new dictionary is taken into use if it packs these better than the current one by some percent. trained is called
 * once, on the loop. False: a training is under way, or the samples are too few; they are freed then too. */
bool pack_train(struct pack *pack, struct samples *samples, void (*trained)(void *data, bool taken), void *data);
bool pack_training(const struct pack *pack);

#endif
