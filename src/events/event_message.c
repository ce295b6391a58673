/* SPDX-License-Identifier: Apache-2.0 */
/* The message of an event: one line that is no longer than a server takes, and no character of it in halves. */
#include "base/visible.h"
#include "events/events.h"

#define DOTS "..."

/* How many bytes of the text, made visible, fit: whole characters. */
static size_t whole(struct str text, size_t most)
{
    size_t at = 0;
    while (at < text.len) {
        uint32_t c;
        size_t n = visible_next(str_n(text.ptr + at, text.len - at), &c);
        if (at + n > most)
            break;
        at += n;
    }
    return at;
}

void event_text_add(struct buf *out, struct str text, size_t most)
{
    struct buf seen = BUF_INIT;
    size_t room = most > out->len ? most - out->len : 0;
    visible_add(&seen, text);
    for (size_t i = 0; i < seen.len; i++) {
        if (seen.ptr[i] == '\n' || seen.ptr[i] == '\t')
            seen.ptr[i] = ' ';
    }
    if (seen.failed)
        out->failed = seen.failed;
    else if (seen.len <= room)
        buf_add_str(out, buf_str(&seen));
    else if (room >= strlen(DOTS)) {
        buf_add(out, seen.ptr, whole(buf_str(&seen), room - strlen(DOTS)));
        buf_puts(out, DOTS);
    }
    buf_free(&seen);
}
