/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for the simulator. When memory is out, the program ends: it is a test tool, and half an answer would mislead a
 * test. Callers free what they get. */
#ifndef SIM_DOC_MEM_H
#define SIM_DOC_MEM_H
#include "base/buf.h"

#include <string.h>

void *sim_alloc(size_t size); /* zeroed */
void *sim_realloc(void *old, size_t size);
char *sim_strdup(const char *s);
char *sim_strndup(const char *s, size_t n);
char *sim_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *sim_take(struct buf *b);               /* the caller owns the bytes then; "" if nothing was added, never NULL */
void sim_add_u64(struct buf *b, uint64_t v); /* printf is too slow for what is written a million times */

/* As buf_putc and buf_add, for the innermost loops of the writer: there is no call where the buffer has room. */
static inline void sim_putc(struct buf *b, char c)
{
    if (b->len + 1 >= b->cap) {
        buf_putc(b, c);
        return;
    }
    b->ptr[b->len++] = c;
    b->ptr[b->len] = 0;
}

static inline void sim_add(struct buf *b, const char *bytes, size_t n)
{
    if (b->len + n + 1 > b->cap) {
        buf_add(b, bytes, n);
        return;
    }
    memcpy(b->ptr + b->len, bytes, n);
    b->len += n;
    b->ptr[b->len] = 0;
}
#endif
