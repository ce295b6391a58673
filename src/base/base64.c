/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, as strict as a credential deserves: one text stands for one sequence of bytes. */
#include "base/base64.h"

#include <stdint.h>

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits, padding included, to one, two or three bytes. */
static bool quad(const char four[4], struct buf *out)
{
    int pad = (four[3] == '=') + (four[3] == '=' && four[2] == '=');
    uint32_t bits = 0;
    for (int i = 0; i < 4 - pad; i++) {
        int d = digit(four[i]);
        if (d < 0)
            return false;
        bits = bits << 6 | (uint32_t)d;
    }
    bits <<= 6 * pad;
    if (bits & (pad == 0 ? 0u : pad == 1 ? 0xFFu : 0xFFFFu))
        return false;
    char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
    buf_add(out, bytes, (size_t)(3 - pad));
    return true;
}

bool base64_decode(struct str text, struct buf *out)
{
    char four[4];
    size_t n = 0;
    bool padded = false;
    if (buf_reserve(out, text.len / 4 * 3))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n' || text.ptr[i] == '\r')
            continue;
        if (padded)
            return false;
        four[n++] = text.ptr[i];
        if (n < 4)
            continue;
        padded = four[3] == '=';
        if (!quad(four, out))
            return false;
        n = 0;
    }
    secret_wipe(four, sizeof four);
    return n == 0 && !out->failed;
}

void base64_encode(struct str bytes, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (have > 2 ? p[i + 2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], have > 1 ? digits[bits >> 6 & 63] : '=',
                        have > 2 ? digits[bits & 63] : '='};
        buf_add(out, four, 4);
    }
}
