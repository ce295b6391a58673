/* Objects packed by zstd with a dictionary that was trained on objects like them: a job of 3.3 KB becomes some hundred
 * bytes, in microseconds, and back without loss.
 *
 * A dictionary is trained on a worker thread. One that was replaced stays as long as something is packed with it. */
#ifndef MPIJOBD_CACHE_PACK_H
#define MPIJOBD_CACHE_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"

struct pack;

int pack_new(uv_loop_t *loop, struct pack **pack, struct error *err);
/* Waits for a training under way; trained is not called any more. */
void pack_close(struct pack *pack, void (*closed)(void *data), void *data);

struct packed {
    struct str bytes;   /* valid until the next call of pack_encode */
    uint8_t dictionary; /* 0: none */
};
int pack_encode(struct pack *pack, struct str raw, struct packed *out); /* 0 or ERR_NOMEM */
/* Into out, whose size is that of the raw object. 0, or ERR_NOMEM. What pack_encode made is never damaged. */
int pack_decode(const struct pack *pack, struct str packed, uint8_t dictionary, char *out, size_t raw_len);

/* Something is packed with that dictionary, or no longer is. */
void pack_hold(struct pack *pack, uint8_t dictionary);
void pack_release(struct pack *pack, uint8_t dictionary);
uint8_t pack_current(const struct pack *pack);
unsigned pack_trained(const struct pack *pack); /* dictionaries that were taken into use */
size_t pack_memory(const struct pack *pack);

/* Samples of which a dictionary may be trained; what is too large is left out. */
struct samples {
    struct buf bytes;
    size_t *sizes;
    size_t count, cap;
};
#define SAMPLE_MAX 16384
void samples_add(struct samples *samples, struct str raw); /* best effort */
void samples_free(struct samples *samples);

/* Trains on them; they become pack's. The last quarter is not trained on: the new dictionary is taken into use where it
 * packs those better than the current one by some percent. trained is called once, on the loop. False: one is under
 * way, or the samples are too few; they are freed then too. */
bool pack_train(struct pack *pack, struct samples *samples, void (*trained)(void *data, bool taken), void *data);
bool pack_training(const struct pack *pack);

#endif
