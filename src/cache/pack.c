/* SPDX-License-Identifier: Apache-2.0 */
/* Packing by zstd, and the dictionaries: which are in use, and training another. */
#include "cache/pack.h"

#include <stdlib.h>
#include <zdict.h>
#include <zstd.h>

#include "base/grown.h"
#include "loop/work.h"

#define LEVEL 3 /* 6 would save a tenth of the bytes for four times the work */
#define DICTIONARY_MAX ((size_t)64 << 10)
#define DICTIONARIES 8      /* in use at once: one that was replaced stays until its objects are packed again */
#define SAMPLES_LEAST 16384 /* bytes: zstd 1.5.4 crashes when it trains on very few */
#define BETTER_BY 0.05
#define SCRATCH_KEPT ((size_t)256 << 10) /* bytes */

struct dictionary {
    ZSTD_CDict *pack;   /* the current dictionary has one, the others do not */
    ZSTD_DDict *unpack; /* NULL: this place is free */
    size_t users;       /* objects that are packed with it */
};

struct pack {
    uv_loop_t *loop;
    ZSTD_CCtx *packing;
    ZSTD_DCtx *unpacking;
    struct dictionary dictionaries[DICTIONARIES]; /* 0 stands for packing without one */
    uint8_t current;
    unsigned trained_count;
    struct buf scratch;

    /* While `training` is set, these belong to the worker thread. */
    bool training;
    struct work work;
    struct samples samples;
    ZSTD_CDict *new_pack, *old_pack; /* old_pack: the current dictionary's, which the worker only reads */
    ZSTD_DDict *new_unpack;
    bool better;

    void (*trained)(void *data, bool taken);
    void *trained_data;
    void (*closed)(void *data);
    void *closed_data;
    bool closing;
};

/* ---- packing ---- */

static int set_up(struct pack *p)
{
    p->packing = ZSTD_createCCtx();
    p->unpacking = ZSTD_createDCtx();
    if (!p->packing || !p->unpacking)
        return ERR_NOMEM;
    ZSTD_CCtx_setParameter(p->packing, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(p->packing, ZSTD_c_dictIDFlag, 0); /* saves four bytes an object: jobs keep the number */
    return 0;
}

static void pack_free(struct pack *p)
{
    void (*closed)(void *) = p->closed;
    void *data = p->closed_data;
    for (size_t i = 0; i < DICTIONARIES; i++) {
        ZSTD_freeCDict(p->dictionaries[i].pack);
        ZSTD_freeDDict(p->dictionaries[i].unpack);
    }
    ZSTD_freeCCtx(p->packing);
    ZSTD_freeDCtx(p->unpacking);
    buf_free(&p->scratch);
    free(p);
    if (closed)
        closed(data);
}

int pack_new(uv_loop_t *loop, struct pack **pack, struct error *err)
{
    struct pack *p = calloc(1, sizeof *p);
    if (!p)
        return error_nomem(err);
    p->loop = loop;
    if (set_up(p)) {
        pack_free(p);
        return error_nomem(err);
    }
    *pack = p;
    return 0;
}

void pack_close(struct pack *p, void (*closed)(void *data), void *data)
{
    p->closing = true;
    p->closed = closed;
    p->closed_data = data;
    if (!p->training)
        pack_free(p);
}

int pack_encode(struct pack *p, struct str raw, struct packed *out)
{
    size_t bound = ZSTD_compressBound(raw.len);
    if (p->scratch.cap > SCRATCH_KEPT)
        buf_free(&p->scratch);
    buf_reset(&p->scratch);
    if (buf_reserve(&p->scratch, bound))
        return ERR_NOMEM;
    size_t n = ZSTD_compress2(p->packing, p->scratch.ptr, bound, raw.ptr, raw.len);
    if (ZSTD_isError(n))
        return ERR_NOMEM; /* nothing else can go wrong: there is room, and the parameters are fixed */
    *out = (struct packed){.bytes = str_n(p->scratch.ptr, n), .dictionary = p->current};
    return 0;
}

int pack_decode(const struct pack *p, struct str packed, uint8_t dictionary, char *out, size_t raw_len)
{
    const ZSTD_DDict *with = p->dictionaries[dictionary].unpack;
    size_t n = ZSTD_decompress_usingDDict(p->unpacking, out, raw_len, packed.ptr, packed.len, with);
    return ZSTD_isError(n) || n != raw_len ? ERR_NOMEM : 0;
}

/* ---- dictionaries ---- */

static void drop_if_unused(struct pack *p, uint8_t i)
{
    struct dictionary *d = &p->dictionaries[i];
    if (i == 0 || i == p->current || d->users)
        return;
    ZSTD_freeDDict(d->unpack);
    *d = (struct dictionary){0};
}

void pack_hold(struct pack *p, uint8_t dictionary)
{
    p->dictionaries[dictionary].users++;
}

void pack_release(struct pack *p, uint8_t dictionary)
{
    p->dictionaries[dictionary].users--;
    drop_if_unused(p, dictionary);
}

uint8_t pack_current(const struct pack *p)
{
    return p->current;
}

unsigned pack_trained(const struct pack *p)
{
    return p->trained_count;
}

size_t pack_memory(const struct pack *p)
{
    size_t n = ZSTD_sizeof_CCtx(p->packing) + ZSTD_sizeof_DCtx(p->unpacking) + p->scratch.cap + sizeof *p;
    for (size_t i = 0; i < DICTIONARIES; i++)
        n += ZSTD_sizeof_CDict(p->dictionaries[i].pack) + ZSTD_sizeof_DDict(p->dictionaries[i].unpack);
    return n;
}

static bool take(struct pack *p)
{
    uint8_t i = 1;
    while (i < DICTIONARIES && p->dictionaries[i].unpack)
        i++;
    if (i == DICTIONARIES || ZSTD_isError(ZSTD_CCtx_refCDict(p->packing, p->new_pack)))
        return false;
    uint8_t old = p->current;
    p->current = i;
    p->dictionaries[i] = (struct dictionary){.pack = p->new_pack, .unpack = p->new_unpack};
    p->new_pack = NULL;
    p->new_unpack = NULL;
    ZSTD_freeCDict(p->dictionaries[old].pack);
    p->dictionaries[old].pack = NULL;
    drop_if_unused(p, old);
    p->trained_count++;
    return true;
}

/* ---- samples ---- */

void samples_add(struct samples *s, struct str raw)
{
    if (raw.len > SAMPLE_MAX)
        return;
    size_t *sizes = grown(s->sizes, s->count, &s->cap, sizeof *sizes, 512);
    if (!sizes)
        return;
    s->sizes = sizes;
    if (buf_reserve(&s->bytes, raw.len))
        return;
    buf_add_str(&s->bytes, raw);
    s->sizes[s->count++] = raw.len;
}

void samples_free(struct samples *s)
{
    buf_free(&s->bytes);
    free(s->sizes);
    *s = (struct samples){0};
}

/* ---- training: on a worker thread ---- */

/* The bytes that the samples from `first` on are packed to. 0: out of memory. */
static size_t total(const struct pack *p, const ZSTD_CDict *with, size_t first, const char *at)
{
    ZSTD_CCtx *cctx = ZSTD_createCCtx();
    char *out = malloc(ZSTD_compressBound(SAMPLE_MAX));
    size_t sum = 0;
    for (size_t i = first; cctx && out && i < p->samples.count; i++) {
        size_t size = p->samples.sizes[i], bound = ZSTD_compressBound(SAMPLE_MAX);
        size_t n = with ? ZSTD_compress_usingCDict(cctx, out, bound, at, size, with)
                        : ZSTD_compressCCtx(cctx, out, bound, at, size, LEVEL);
        sum += ZSTD_isError(n) ? size : n;
        at += size;
    }
    ZSTD_freeCCtx(cctx);
    free(out);
    return sum;
}

static void train(struct work *work)
{
    struct pack *p = (struct pack *)((char *)work - offsetof(struct pack, work));
    size_t first = p->samples.count - p->samples.count / 4, trained_on = 0;
    char *dictionary = malloc(DICTIONARY_MAX);
    for (size_t i = 0; i < first; i++)
        trained_on += p->samples.sizes[i];
    size_t n = dictionary ? ZDICT_trainFromBuffer(dictionary, DICTIONARY_MAX, p->samples.bytes.ptr, p->samples.sizes,
                                                  (unsigned)first)
                          : 0;
    if (dictionary && !ZDICT_isError(n)) {
        p->new_pack = ZSTD_createCDict(dictionary, n, LEVEL);
        p->new_unpack = ZSTD_createDDict(dictionary, n);
    }
    free(dictionary);
    if (!p->new_pack || !p->new_unpack)
        return;
    const char *rest = p->samples.bytes.ptr + trained_on;
    size_t before = total(p, p->old_pack, first, rest), now = total(p, p->new_pack, first, rest);
    p->better = now && (double)now < (1 - BETTER_BY) * (double)before;
}

static void training_ended(struct work *work)
{
    struct pack *p = (struct pack *)((char *)work - offsetof(struct pack, work));
    p->training = false;
    samples_free(&p->samples);
    bool taken = p->better && !p->closing && take(p);
    ZSTD_freeCDict(p->new_pack);
    ZSTD_freeDDict(p->new_unpack);
    p->new_pack = NULL;
    p->new_unpack = NULL;
    if (p->closing)
        pack_free(p);
    else
        p->trained(p->trained_data, taken);
}

bool pack_train(struct pack *p, struct samples *samples, void (*trained)(void *data, bool taken), void *data)
{
    if (p->training || p->closing || samples->count < 8 || samples->bytes.len < SAMPLES_LEAST) {
        samples_free(samples);
        return false;
    }
    p->samples = *samples;
    *samples = (struct samples){0};
    p->old_pack = p->dictionaries[p->current].pack;
    p->better = false;
    p->training = true;
    p->trained = trained;
    p->trained_data = data;
    work_start(p->loop, &p->work, train, training_ended);
    return true;
}

bool pack_training(const struct pack *p)
{
    return p->training;
}
