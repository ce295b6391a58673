/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer that doubles as it grows, up to its limit, and remembers a failure. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    if (b->secret)
        secret_wipe(b->ptr, b->cap);
    free(b->ptr);
    *b = (struct buf){.max = b->max, .secret = b->secret};
}

void buf_reset(struct buf *b)
{
    if (b->secret)
        secret_wipe(b->ptr, b->cap);
    b->len = 0;
    b->failed = 0;
    if (b->ptr)
        b->ptr[0] = '\0';
}

/* realloc would leave a copy of a secret behind. */
static char *grow(struct buf *b, size_t cap)
{
    if (!b->secret)
        return realloc(b->ptr, cap);
    char *fresh = malloc(cap);
    if (!fresh)
        return NULL;
    if (b->ptr) {
        memcpy(fresh, b->ptr, b->len + 1);
        secret_wipe(b->ptr, b->cap);
        free(b->ptr);
    }
    return fresh;
}

int buf_reserve(struct buf *b, size_t more)
{
    if (b->failed)
        return b->failed;
    if (more > SIZE_MAX / 4 - b->len || (b->max && b->len + more > b->max))
        return b->failed = ERR_LIMIT;
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return 0;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    char *ptr = grow(b, cap);
    if (!ptr)
        return b->failed = ERR_NOMEM;
    b->ptr = ptr;
    b->cap = cap;
    b->ptr[b->len] = '\0';
    return 0;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (buf_reserve(b, n))
        return;
    if (n)
        memcpy(b->ptr + b->len, bytes, n);
    b->len += n;
    b->ptr[b->len] = '\0';
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_puts(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && buf_reserve(b, (size_t)n) == 0) {
        vsnprintf(b->ptr + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

int buf_result(const struct buf *b, const char *what, struct error *err)
{
    if (b->failed == ERR_LIMIT)
        return error_set(err, ERR_LIMIT, "%s is larger than the limit of %zu bytes", what, b->max);
    if (b->failed)
        return error_nomem(err);
    return 0;
}

char *buf_take(struct buf *b, size_t *len)
{
    if (buf_reserve(b, 0)) {
        buf_free(b);
        return NULL;
    }
    char *ptr = b->ptr;
    if (len)
        *len = b->len;
    *b = (struct buf){.max = b->max, .secret = b->secret};
    return ptr;
}
