/* Dictionaries and gaps. The first dictionary is trained on the first objects; one from all over the cache when it is
 * full, as a list comes by namespace; another when new objects pack worse than they used to. After each, everything is
 * packed anew, a little in each turn of the loop. */
#include <malloc.h>

#include "cache/core.h"

#define FIRST 500            /* objects that the first dictionary is trained on */
#define SAMPLES 1200         /* of a later one */
#define WORTH_IT (2 * FIRST) /* jobs; below, a dictionary from all over would hardly differ */
#define BATCH 64
#define NOTED_BYTES (UINT64_C(1) << 20) /* packed since, before the ratio says something */
#define GAPS_BYTES ((size_t)4 << 20)    /* fewer are not worth the work */
#define WORSE 1.2

/* Everything moves: what comes is put elsewhere from here on, so that no gaps are left behind. */
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

/* From all over the cache. Those to judge by are taken from all over too: a prime keeps the steps out of any rhythm. */
static void train_anew(struct cache *c)
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
        train_anew(c);
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
        train_anew(c);
        c->ratio = ratio; /* should the new dictionary be no better, this is how they are now */
    }
}

/* Without memory it stays as it is. */
static void repack(struct cache *c, struct job *job, bool anew)
{
    struct packed packed = {.bytes = jobs_packed(&c->jobs, job), .dictionary = job->dictionary};
    if (anew && (unpack(c, job, &c->scratch) || pack_encode(c->pack, buf_str(&c->scratch), &packed)))
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

/* What the list and the repacking have left behind goes back to the system. */
static void trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

bool repack_step(struct cache *c)
{
    uint8_t current = pack_current(c->pack);
    if (!c->repacking)
        return false;
    for (unsigned done = 0, looked = 0; c->repacked < c->jobs.slots && done < BATCH && looked < 64 * BATCH; looked++) {
        struct job *job = jobs_at(&c->jobs, c->repacked++);
        bool anew = job->dictionary != current;
        if (!job->used || (!anew && !slab_sealed(&c->jobs.slab, job->piece)))
            continue;
        repack(c, job, anew);
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
