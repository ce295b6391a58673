/* SPDX-License-Identifier: Apache-2.0 */
/* A byte buffer that grows, with a most it may grow to. The content is always followed by a NUL that is not counted, so
 * that buf.ptr can be used as a C string (ptr is NULL until something was added).
 *
 * Errors stick: after a failed addition the buffer keeps `failed` set, further additions do nothing, and one check at
 * the end suffices (buf_result). */
#ifndef MPIJOBD_BASE_BUF_H
#define MPIJOBD_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap;  /* allocated */
    size_t max;  /* most bytes of content; 0: no limit */
    bool secret; /* the memory is wiped before it is given back */
    int failed;  /* 0, ERR_NOMEM or ERR_LIMIT */
};

#define BUF_INIT ((struct buf){0})

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);  /* empties it; it can be used again */
void buf_reset(struct buf *b); /* len 0 and no failure; keeps the memory */

int buf_reserve(struct buf *b, size_t more); /* room for `more` bytes beyond len: 0, ERR_NOMEM or ERR_LIMIT */
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->ptr, b->len};
}

/* 0, or ERR_NOMEM or ERR_LIMIT with its message ("what" names what was being built). */
int buf_result(const struct buf *b, const char *what, struct error *err);

/* Hands the memory to the caller (free) and leaves the buffer empty; NULL where it failed. Never NULL otherwise. */
char *buf_take(struct buf *b, size_t *len);

/* Appends a whole file, as base/file.h says. max: most bytes. ERR_NOT_FOUND; ERR_IO: it cannot be opened or read, or is
 * no regular file; ERR_TIMEOUT: a pipe of the shell's did not end; ERR_LIMIT, ERR_NOMEM. Messages name the path and the
 * cure. */
int buf_read_file(struct buf *b, const char *path, size_t max, struct error *err);
/* As buf_read_file, for a file that is open; path: for messages. */
int buf_read_fd(struct buf *b, int fd, const char *path, size_t max, struct error *err);

#endif
