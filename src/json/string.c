/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: their escapes decoded, compared and appended. */
#include <string.h>

#include "json/scan.h"

#define REPLACEMENT 0xFFFD

static unsigned hex4(const char *p)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i];
        n = n << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return n;
}

/* The character of the escape at *p (a backslash), which moves past it. A pair of surrogates is one character, a
 * surrogate alone is U+FFFD. */
static unsigned unescape(const char **p, const char *end)
{
    char c = (*p)[1];
    *p += 2;
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        break;
    default:
        return (unsigned char)c;
    }
    unsigned u = hex4(*p);
    *p += 4;
    if (u < 0xD800 || u > 0xDFFF)
        return u;
    if (u >= 0xDC00 || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        return REPLACEMENT;
    unsigned low = hex4(*p + 2);
    if (low < 0xDC00 || low > 0xDFFF)
        return REPLACEMENT;
    *p += 6;
    return 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
}

static size_t encode(unsigned u, char out[4])
{
    if (u < 0x80) {
        out[0] = (char)u;
        return 1;
    }
    size_t n = u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; u >>= 6)
        out[i] = (char)(0x80 | (u & 0x3F));
    out[0] = (char)((0xF00u >> n & 0xF0) | u);
    return n;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

bool json_decode(struct json v, struct buf *out)
{
    if (json_type(v) != JSON_STRING || buf_reserve(out, v.text.len))
        return false;
    const char *p = v.text.ptr + 1, *end = p + v.text.len - 2;
    while (p < end) {
        const char *run = memchr(p, '\\', (size_t)(end - p));
        if (!run)
            run = end;
        buf_add(out, p, (size_t)(run - p));
        p = run;
        if (p < end) {
            char bytes[4];
            buf_add(out, bytes, encode(unescape(&p, end), bytes));
        }
    }
    return !out->failed;
}

int json_string_at(struct json v, const char *pointer, char *out, size_t size)
{
    struct json at = json_at(v, pointer);
    size_t n = 0;
    *out = '\0';
    if (json_type(at) != JSON_STRING || at.text.len == 2)
        return ERR_NOT_FOUND;
    for (const char *p = at.text.ptr + 1, *end = p + at.text.len - 2; p < end;) {
        char bytes[4];
        size_t more = 1;
        if (*p == '\\')
            more = encode(unescape(&p, end), bytes);
        else
            for (bytes[0] = *p++; p < end && is_continuation(*p); p++)
                bytes[more++] = *p;
        if (more >= size - n)
            return ERR_LIMIT;
        memcpy(out + n, bytes, more);
        out[n += more] = '\0';
    }
    return 0;
}

struct reader {
    const char *p, *end;
    enum json_coding coding;
    size_t have, used; /* of `bytes`: what one escape gave */
    char bytes[4];
};

/* The next decoded byte, or -1 at the end. */
static int next_byte(struct reader *r)
{
    if (r->used < r->have)
        return (unsigned char)r->bytes[r->used++];
    if (r->p == r->end)
        return -1;
    if (r->coding == JSON_CODED_STRING && *r->p == '\\') {
        r->have = encode(unescape(&r->p, r->end), r->bytes);
        r->used = 1;
        return (unsigned char)r->bytes[0];
    }
    if (r->coding == JSON_CODED_TOKEN && *r->p == '~' && r->end - r->p > 1) {
        r->p += 2;
        return r->p[-1] == '1' ? '/' : '~';
    }
    return (unsigned char)*r->p++;
}

static bool has_escapes(struct json_bytes b)
{
    return b.coding != JSON_CODED_PLAIN && b.text.len != 0 &&
           memchr(b.text.ptr, b.coding == JSON_CODED_STRING ? '\\' : '~', b.text.len) != NULL;
}

int json_bytes_compare(struct json_bytes a, struct json_bytes b)
{
    if (!has_escapes(a) && !has_escapes(b))
        return str_compare(a.text, b.text);
    struct reader ra = {.p = a.text.ptr, .end = a.text.ptr + a.text.len, .coding = a.coding};
    struct reader rb = {.p = b.text.ptr, .end = b.text.ptr + b.text.len, .coding = b.coding};
    for (;;) {
        int ca = next_byte(&ra), cb = next_byte(&rb);
        if (ca != cb)
            return ca < cb ? -1 : 1;
        if (ca < 0)
            return 0;
    }
}

bool json_bytes_equal(struct json_bytes a, struct json_bytes b)
{
    /* Where nothing has to be decoded, a different length settles it. */
    if (a.text.len != b.text.len && !has_escapes(a) && !has_escapes(b))
        return false;
    return json_bytes_compare(a, b) == 0;
}

bool json_string_is(struct json v, struct str text)
{
    return json_type(v) == JSON_STRING &&
           json_bytes_equal(json_bytes_of(v), (struct json_bytes){text, JSON_CODED_PLAIN});
}
