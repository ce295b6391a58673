#include "sim/doc/base64.h"

#include <string.h>

static const char digits[2][65] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};

char *base64_encode(const char *bytes, size_t n, bool url)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)bytes[i] << 16;
        v |= i + 1 < n ? (uint32_t)(unsigned char)bytes[i + 1] << 8 : 0;
        v |= i + 2 < n ? (unsigned char)bytes[i + 2] : 0;
        for (size_t j = 0; j < 4; j++) {
            if (i + j <= n)
                buf_putc(&out, digits[url][v >> (18 - 6 * j) & 63]);
            else if (!url)
                buf_putc(&out, '=');
        }
    }
    return sim_take(&out);
}

bool base64_decode(const char *text, struct buf *out)
{
    uint32_t v = 0;
    int bits = 0;
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits[1], *text);
        if (!digit)
            return false;
        v = v << 6 | (uint32_t)(digit - digits[1]);
        bits += 6;
        if (bits >= 8)
            buf_putc(out, (char)(v >> (bits -= 8) & 0xff));
    }
    return true;
}
