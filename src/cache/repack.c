/* SPDX-License-Identifier: Apache-2.0 */
/* When to train another dictionary, and packing all objects again with it.
 *
 * The first dictionary is trained on the first objects; the second on objects from all over the cache, when a list is
 * complete, as a list comes by namespace; another one when new objects pack worse than earlier ones did. After each,
 * all objects are packed again, a little in each turn of the loop. The same closes gaps in the memory of packed
 * objects. */

#include "base/memory.h"
#include "cache/parts.h"

#define FIRST 500                       /* objects that the first dictionary is trained on */
#define SAMPLES 1200                    /* of a later one */
#define WORTH_IT (2 * FIRST)            /* jobs: with fewer, a dictionary from all over the cache would hardly differ */
#define BATCH 64                        /* objects in a turn of the loop */
#define NOTED_BYTES (UINT64_C(1) << 20) /* raw bytes that are packed before the ratio says something */
#define GAPS_BYTES ((size_t)4 << 20)    /* a smaller slab is not worth the work */
#define WORSE 1.2                       /* times the ratio that the dictionary had at first */

/* All objects move: new ones go elsewhere from here on, so that no gaps are left behind. */
static void begin_repacking(struct cache *c)
{
    c->repacking = true;
    c->repacked = 0;
    slab_seal(&c->jobs.slab);
    cache_wake(c);
}

static void trained(void *data, bool taken)
{
    struct cache *c = data;
    c->trained_at = uv_now(c->options.loop);
    if (!taken)
        return;
    c->encoded_raw = c->encoded_packed = 0;
    c->ratio = 0;
    begin_repacking(c);
}

void repack_sample(struct cache *c, struct str raw)
{
    if (c->sampled)
        return;
    samples_add(&c->samples, raw);
    if (c->samples.count < FIRST)
        return;
    c->sampled = true;
    pack_train(c->pack, &c->samples, trained, c);
}

static int unpack(struct cache *c, const struct job *job, struct buf *out)
{
    buf_reset(out);
    if (buf_reserve(out, job->raw))
        return ERR_NOMEM;
    out->len = job->raw;
    return pack_decode(c->pack, jobs_packed(&c->jobs, job), job->dictionary, out->ptr, job->raw);
}

/* On objects from all over the cache, those to judge the dictionary by too: a prime number keeps the steps out of any
 * rhythm. */
static void retrain(struct cache *c)
{
    struct samples samples = {0};
    uint32_t slot = 0, step = c->jobs.slots / SAMPLES * 7 + 7919;
    for (unsigned i = 0; i < 2 * SAMPLES && samples.count < SAMPLES; i++, slot = (slot + step) % c->jobs.slots) {
        const struct job *job = jobs_at(&c->jobs, slot);
        if (job->used && job->raw <= SAMPLE_MAX && !unpack(c, job, &c->scratch))
            samples_add(&samples, buf_str(&c->scratch));
    }
    c->trained_at = uv_now(c->options.loop);
    pack_train(c->pack, &samples, trained, c);
}

void repack_consider(struct cache *c)
{
    if (c->sampled && c->jobs.count >= WORTH_IT && pack_trained(c->pack) <= 1 && !pack_training(c->pack))
        retrain(c);
}

void repack_note(struct cache *c, size_t raw, size_t packed)
{
    const struct slab *slab = &c->jobs.slab;
    c->encoded_raw += raw;
    c->encoded_packed += packed;
    if (c->repacking || c->encoded_raw < NOTED_BYTES)
        return;
    if (slab->bytes > GAPS_BYTES && slab->bytes - slab->used_bytes > slab->bytes / 4)
        begin_repacking(c);
    double ratio = (double)c->encoded_packed / (double)c->encoded_raw;
    c->encoded_raw = c->encoded_packed = 0;
    bool rested = uv_now(c->options.loop) - c->trained_at >= c->options.retrain_ms;
    if (c->ratio > 0 && ratio > WORSE * c->ratio && rested && c->jobs.count >= WORTH_IT && !pack_training(c->pack)) {
        retrain(c);
        c->ratio = ratio; /* counts if the new dictionary is no better: objects are like this now */
    }
}

/* Where memory is out, the job stays as it is. encode: with the current dictionary; otherwise it only moves. */
static void repack(struct cache *c, struct job *job, bool encode)
{
    struct packed packed = {.bytes = jobs_packed(&c->jobs, job), .dictionary = job->dictionary};
    if (encode && (unpack(c, job, &c->scratch) || pack_encode(c->pack, buf_str(&c->scratch), &packed)))
        return;
    uint32_t piece = jobs_piece(&c->jobs, jobs_name(&c->jobs, job), packed.bytes);
    if (piece == SLAB_NONE)
        return;
    slab_give(&c->jobs.slab, job->piece);
    pack_hold(c->pack, packed.dictionary);
    pack_release(c->pack, job->dictionary);
    c->jobs.packed_bytes += packed.bytes.len;
    c->jobs.packed_bytes -= job->packed;
    job->piece = piece;
    job->packed = (uint32_t)packed.bytes.len;
    job->dictionary = packed.dictionary;
}

/* Gives memory that the list and the repacking have freed back to the system. */
static void trim(void)
{
#ifdef __GLIBC__
    memory_trim();
#endif
}

bool repack_step(struct cache *c)
{
    uint8_t current = pack_current(c->pack);
    if (!c->repacking)
        return false;
    for (unsigned done = 0, looked = 0; c->repacked < c->jobs.slots && done < BATCH && looked < 64 * BATCH; looked++) {
        struct job *job = jobs_at(&c->jobs, c->repacked++);
        bool encode = job->dictionary != current;
        if (!job->used || (!encode && !slab_sealed(&c->jobs.slab, job->piece)))
            continue;
        repack(c, job, encode);
        done++;
    }
    if (c->repacked < c->jobs.slots)
        return true;
    c->repacking = false;
    if (c->ratio == 0 && c->jobs.raw_bytes)
        c->ratio = (double)c->jobs.packed_bytes / (double)c->jobs.raw_bytes;
    buf_free(&c->scratch);
    trim();
    return true;
}
