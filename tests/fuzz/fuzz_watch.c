/* SPDX-License-Identifier: Apache-2.0 */
/* A watch's body in pieces of any size: the same events come as when it arrives at once, the same error ends it, and an
 * event is what it should be. The first byte of the input decides about the pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "kube/watch_lines.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)
#define LINE_MOST 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct buf text;
    size_t events;
    int rc;
    bool amid;
};

static bool came(void *data, const struct kube_event *e)
{
    struct seen *s = data;
    MUST(e->type >= KUBE_ADDED && e->type <= KUBE_ERROR);
    MUST(json_type(e->object) == JSON_OBJECT);
    MUST(e->type == KUBE_ERROR || e->version.len > 0);
    struct json again;
    MUST(json_parse(e->object.text, "the object", &again, NULL) == 0);
    buf_printf(&s->text, "%d %.*s ", (int)e->type, (int)e->version.len, e->version.ptr);
    buf_add_str(&s->text, e->object.text);
    return ++s->events < 100;
}

static void read_all(struct seen *s, const char *bytes, size_t n, uint8_t dice)
{
    struct watch_lines lines;
    struct error err = {0};
    watch_lines_init(&lines, LINE_MOST);
    for (size_t at = 0; at < n && !s->rc && s->events < 100;) {
        size_t piece = dice ? 1 + (dice * (at + 7)) % (dice < 128 ? 5 : 700) : n;
        if (piece > n - at)
            piece = n - at;
        s->rc = watch_lines_feed(&lines, bytes + at, piece, came, s, &err);
        MUST(s->rc == 0 || s->rc == ERR_PROTOCOL || s->rc == ERR_LIMIT);
        MUST(s->rc == err.code);
        at += piece;
    }
    s->amid = watch_lines_amid(&lines);
    watch_lines_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = {.text = BUF_INIT}, pieces = {.text = BUF_INIT};
    if (size < 1)
        return 0;
    read_all(&whole, (const char *)data + 1, size - 1, 0);
    read_all(&pieces, (const char *)data + 1, size - 1, data[0] ? data[0] : 1);
    MUST(whole.rc == pieces.rc);
    MUST(whole.events == pieces.events);
    MUST(str_eq(buf_str(&whole.text), buf_str(&pieces.text)));
    if (!whole.rc && whole.events < 100)
        MUST(whole.amid == pieces.amid);
    buf_free(&whole.text);
    buf_free(&pieces.text);
    return 0;
}
