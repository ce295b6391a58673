/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen and sixty-four bytes at a time: where the bytes that matter stand. Inside the json floor only.
 * With SSE2 (every x86-64) these are a few instructions; elsewhere the loops below mean the same. */
#ifndef MPIJOBD_JSON_BYTES_H
#define MPIJOBD_JSON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bit i: byte i of the sixteen needs a look inside a string: a quote, a backslash, a control character,
 * or not ASCII. */
static inline unsigned special16(const char *p)
{
#ifdef __SSE2__
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    /* Signed: bytes of 0x80 and more are negative, so one comparison finds them and the control characters. */
    __m128i m = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(m);
#else
    unsigned mask = 0;
    for (unsigned i = 0; i < 16; i++)
        if ((signed char)p[i] < 0x20 || p[i] == '"' || p[i] == '\\')
            mask |= 1u << i;
    return mask;
#endif
}

/* Bit i: byte i of the sixteen is a quote or a backslash. */
static inline unsigned quotes16(const char *p)
{
#ifdef __SSE2__
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i m = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(m);
#else
    unsigned mask = 0;
    for (unsigned i = 0; i < 16; i++)
        if (p[i] == '"' || p[i] == '\\')
            mask |= 1u << i;
    return mask;
#endif
}

/* Bit i: byte i of the sixteen is not one of the four white space characters. */
static inline unsigned solid16(const char *p)
{
#ifdef __SSE2__
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i m = _mm_cmpeq_epi8(x, _mm_set1_epi8(' '));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\n')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\r')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\t')));
    return ~(unsigned)_mm_movemask_epi8(m) & 0xFFFFu;
#else
    unsigned mask = 0;
    for (unsigned i = 0; i < 16; i++)
        if (!is_space(p[i]))
            mask |= 1u << i;
    return mask;
#endif
}

struct marks64 {
    uint64_t quote, backslash, open, close;
};

/* Bit i of each: byte i of the sixty-four is a quote, a backslash, one of { [ and one of } ]. */
static inline struct marks64 marks64(const char *p)
{
    struct marks64 m = {0};
#ifdef __SSE2__
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        /* { and [ differ in one bit only, and so do } and ]. */
        __m128i y = _mm_or_si128(x, _mm_set1_epi8(0x20));
        int shift = 16 * i;
        m.quote |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8('"'))) << shift;
        m.backslash |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8('\\'))) << shift;
        m.open |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(y, _mm_set1_epi8('{'))) << shift;
        m.close |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(y, _mm_set1_epi8('}'))) << shift;
    }
#else
    for (int i = 0; i < 64; i++) {
        m.quote |= (uint64_t)(p[i] == '"') << i;
        m.backslash |= (uint64_t)(p[i] == '\\') << i;
        m.open |= (uint64_t)((p[i] | 0x20) == '{') << i;
        m.close |= (uint64_t)((p[i] | 0x20) == '}') << i;
    }
#endif
    return m;
}

static inline const char *skip_space(const char *p, const char *end)
{
    /* Compact documents leave at once. */
    if (p < end && !is_space(*p))
        return p;
    while (end - p >= 16) {
        unsigned solid = solid16(p);
        if (solid)
            return p + __builtin_ctz(solid);
        p += 16;
    }
    while (p < end && is_space(*p))
        p++;
    return p;
}

#endif
