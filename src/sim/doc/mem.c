/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is there or ends the program, and texts made in it. */
#include "sim/doc/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
    if (!p) {
        fputs("mpijob-sim: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *sim_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *sim_realloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1));
}

char *sim_strndup(const char *s, size_t n)
{
    char *copy = checked(malloc(n + 1));
    memcpy(copy, s, n);
    copy[n] = 0;
    return copy;
}

char *sim_strdup(const char *s)
{
    return sim_strndup(s, strlen(s));
}

char *sim_format(const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    return sim_take(&b);
}

char *sim_take(struct buf *b)
{
    return checked(buf_take(b, NULL));
}

void sim_add_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_add(b, digits + n, sizeof digits - n);
}
