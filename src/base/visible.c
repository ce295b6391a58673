/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, character by character, and which of them may be shown. */
#include "base/visible.h"

size_t visible_next(struct str text, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xE0) == 0xC0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : (p[0] & 0xF8) == 0xF0 ? 4 : 0;
    *c = n == 1 ? p[0] : n ? p[0] & (0xFFU >> (n + 1)) : 0;
    bool good = n && n <= text.len;
    for (size_t i = 1; good && i < n; i++) {
        good = (p[i] & 0xC0) == 0x80;
        *c = *c << 6 | (p[i] & 0x3F);
    }
    if (good && *c >= least[n] && *c <= 0x10FFFF && (*c < 0xD800 || *c > 0xDFFF))
        return n;
    *c = 0xFFFD;
    return 1;
}

bool visible_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x61C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool visible_has_control(struct str text)
{
    bool found = false;
    for (uint32_t c; text.len && !found;) {
        size_t n = visible_next(text, &c);
        found = visible_is_control(c);
        text = str_n(text.ptr + n, text.len - n);
    }
    return found;
}

void visible_add(struct buf *out, struct str text)
{
    while (text.len) {
        uint32_t c;
        size_t n = visible_next(text, &c);
        if (c == 0xFFFD)
            buf_puts(out, "\xEF\xBF\xBD");
        else if (visible_is_control(c) && c != '\n' && c != '\t')
            buf_printf(out, "\\u%04x", (unsigned)c);
        else
            buf_add(out, text.ptr, n);
        text = str_n(text.ptr + n, text.len - n);
    }
}
