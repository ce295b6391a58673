/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, byte by byte: write one character, measure one, judge a text. */
#include "sim/doc/doc.h"

void doc_add_rune(struct buf *t, uint32_t c)
{
    char b[4];
    size_t n = 0;
    if (c < 0x80) {
        b[n++] = (char)c;
    } else if (c < 0x800) {
        b[n++] = (char)(0xc0 | (c >> 6));
        b[n++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        b[n++] = (char)(0xe0 | (c >> 12));
        b[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
        b[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        b[n++] = (char)(0xf0 | (c >> 18));
        b[n++] = (char)(0x80 | ((c >> 12) & 0x3f));
        b[n++] = (char)(0x80 | ((c >> 6) & 0x3f));
        b[n++] = (char)(0x80 | (c & 0x3f));
    }
    buf_add(t, b, n);
}

size_t doc_rune_length(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (!n || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

bool doc_is_utf8(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t step = doc_rune_length((const unsigned char *)s + i, n - i);
        if (!step)
            return false;
        i += step;
    }
    return true;
}
