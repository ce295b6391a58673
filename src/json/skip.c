/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over text that json_parse has found valid: nothing is checked again,
 * so most of it can be taken in strides. */
#include <string.h>

#include "json/bytes.h"
#include "json/scan.h"

static const char *skip_string(const char *p, const char *end)
{
    for (p++;;) {
        if (end - p >= 16) {
            unsigned quotes = quotes16(p);
            if (!quotes) {
                p += 16;
                continue;
            }
            p += __builtin_ctz(quotes);
        }
        if (*p == '"')
            return p + 1;
        p += *p == '\\' ? 2 : 1;
    }
}

/* Bits that follow an odd run of backslashes. *carry: the block before ended in one. */
static uint64_t escaped_bits(uint64_t backslash, bool *carry)
{
    uint64_t escaped = *carry;
    *carry = false;
    backslash &= ~escaped;
    while (backslash) {
        int i = __builtin_ctzll(backslash);
        if (i == 63) {
            *carry = true;
            break;
        }
        uint64_t next = UINT64_C(2) << i;
        escaped |= next;
        backslash &= ~(next | next >> 1);
    }
    return escaped;
}

/* Bit i becomes the parity of bits 0..i: set from an opening quote up to before its closing one. */
static uint64_t prefix_xor(uint64_t x)
{
    x ^= x << 1;
    x ^= x << 2;
    x ^= x << 4;
    x ^= x << 8;
    x ^= x << 16;
    return x ^ x << 32;
}

struct walk {
    size_t depth;
    uint64_t in_string; /* all ones: the block begins inside a string */
    bool escape;
};

/* Past the bracket that brings the depth to zero, as an offset into the block; 0: not in this block. */
static inline size_t walk_block(struct walk *w, const char *block)
{
    struct marks64 m = marks64(block);
    if (m.backslash || w->escape)
        m.quote &= ~escaped_bits(m.backslash, &w->escape);
    uint64_t string = prefix_xor(m.quote) ^ w->in_string;
    w->in_string = (uint64_t)((int64_t)string >> 63);
    for (uint64_t rest = (m.open | m.close) & ~string; rest; rest &= rest - 1) {
        uint64_t bit = rest & -rest;
        if (m.open & bit)
            w->depth++;
        else if (--w->depth == 0)
            return (size_t)__builtin_ctzll(bit) + 1;
    }
    return 0;
}

static const char *skip_container(const char *p, const char *end)
{
    struct walk w = {.depth = 1};
    for (p++; end - p >= 64; p += 64) {
        size_t n = walk_block(&w, p);
        if (n)
            return p + n;
    }
    char tail[64];
    memset(tail, ' ', sizeof tail);
    memcpy(tail, p, (size_t)(end - p));
    return p + walk_block(&w, tail);
}

const char *json_skip(const char *p, const char *end)
{
    if (*p == '"')
        return skip_string(p, end);
    if (*p == '{' || *p == '[')
        return skip_container(p, end);
    while (p < end && *p != ',' && *p != '}' && *p != ']' && !is_space(*p))
        p++;
    return p;
}

size_t json_depth(struct json v)
{
    size_t depth = 0, deepest = 0;
    const char *p = v.text.ptr, *end = p + v.text.len;
    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        if (*p == '{' || *p == '[') {
            if (++depth > deepest)
                deepest = depth;
        } else if (*p == '}' || *p == ']') {
            depth--;
        }
        p++;
    }
    return deepest;
}
