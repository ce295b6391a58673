/* SPDX-License-Identifier: Apache-2.0 */
/* Labels as bits, a Bloom filter for each job, and the same bits of what a match asks for. */
#include "cache/labels.h"

#include <stdlib.h>

/* Two bits for a label with its value, one for its key alone. */
static uint64_t pair_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

static uint64_t key_bit(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 12 & 63);
}

static uint64_t key_hash(const struct jobs *jobs, struct str key)
{
    return jobs_hash(jobs, key);
}

static uint64_t pair_hash(const struct jobs *jobs, uint64_t key, struct str value)
{
    return jobs_hash(jobs, value) ^ (key * UINT64_C(0x9E3779B97F4A7C15));
}

/* The decoded text; scratch only where there are escapes. */
static struct str text_of(struct json string, struct buf *scratch)
{
    if (!memchr(string.text.ptr, '\\', string.text.len))
        return str_n(string.text.ptr + 1, string.text.len - 2);
    buf_reset(scratch);
    json_decode(string, scratch);
    return buf_str(scratch);
}

uint64_t labels_bits(const struct jobs *jobs, struct json labels)
{
    uint64_t bits = 0;
    struct buf scratch = BUF_INIT;
    for (struct json_iter it = json_iter(labels); json_next(&it);) {
        if (json_type(it.value) != JSON_STRING)
            continue;
        uint64_t key = key_hash(jobs, text_of(it.key, &scratch));
        bits |= key_bit(key) | pair_bits(pair_hash(jobs, key, text_of(it.value, &scratch)));
        if (scratch.failed)
            bits = UINT64_MAX; /* out of memory: no match rules this job out */
    }
    buf_free(&scratch);
    return bits;
}

struct group { /* a job passes with any one of its masks */
    uint32_t first, count;
};

struct cache_wants {
    struct group *groups; /* a job has to pass them all */
    uint64_t *masks;
    uint32_t group_count;
};

static void count_wants(const struct mpijob_match *match, uint32_t *groups, uint32_t *masks)
{
    struct mpijob_want want;
    *groups = *masks = 0;
    for (size_t i = 0; mpijob_match_wants(match, &i, &want);) {
        *groups += 1;
        *masks += want.count ? (uint32_t)want.count : 1;
    }
}

static void fill_group(const struct jobs *jobs, const struct mpijob_want *want, struct cache_wants *w, uint32_t first)
{
    uint64_t key = key_hash(jobs, str_of(want->key));
    w->groups[w->group_count++] = (struct group){first, want->count ? (uint32_t)want->count : 1};
    w->masks[first] = key_bit(key);
    for (size_t i = 0; i < want->count; i++)
        w->masks[first + i] = key_bit(key) | pair_bits(pair_hash(jobs, key, str_of(want->values[i])));
}

struct cache_wants *labels_wants(const struct jobs *jobs, const struct mpijob_match *match)
{
    uint32_t groups, masks;
    count_wants(match, &groups, &masks);
    if (!groups)
        return NULL;
    struct cache_wants *w = malloc(sizeof *w + masks * sizeof *w->masks + groups * sizeof *w->groups);
    if (!w)
        return NULL;
    *w = (struct cache_wants){.masks = (uint64_t *)(void *)(w + 1)};
    w->groups = (struct group *)(void *)(w->masks + masks);
    struct mpijob_want want;
    uint32_t first = 0;
    for (size_t i = 0; mpijob_match_wants(match, &i, &want);) {
        fill_group(jobs, &want, w, first);
        first += w->groups[w->group_count - 1].count;
    }
    return w;
}

bool labels_pass(const struct cache_wants *w, uint64_t bits)
{
    for (uint32_t g = 0; w && g < w->group_count; g++) {
        const uint64_t *mask = &w->masks[w->groups[g].first];
        uint32_t i = 0;
        while (i < w->groups[g].count && (bits & mask[i]) != mask[i])
            i++;
        if (i == w->groups[g].count)
            return false;
    }
    return true;
}
