/* SPDX-License-Identifier: Apache-2.0 */
/* From ConfigMaps to rows. */
#include "shared/pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"

int pieces_add(struct pieces *p, const char *head_name, const struct object_head *head, struct json item,
               struct error *err)
{
    char name[256];
    size_t n = strlen(head_name);
    if (json_string_at(item, "/metadata/name", name, sizeof name) || strncmp(name, head_name, n) != 0 ||
        name[n] != '-' || strlen(name + n + 1) >= sizeof p->of->name)
        return 0; /* the head itself, or not a part of it */
    struct piece *of = grown(p->of, p->count, &p->cap, sizeof *of, 16);
    if (!of)
        return error_nomem(err);
    p->of = of;
    struct piece *piece = &p->of[p->count++];
    *piece = (struct piece){0};
    snprintf(piece->name, sizeof piece->name, "%s", name + n + 1);
    if (head && !object_names_have(&head->base, piece->name) && !object_names_have(&head->log, piece->name))
        return 0;
    struct buf packed = BUF_INIT;
    if (json_decode(object_packed(item), &packed))
        piece->packed = buf_take(&packed, NULL);
    int rc = packed.failed ? error_nomem(err) : 0;
    buf_free(&packed);
    return rc;
}

const char *pieces_name(const struct object_head *head, size_t i)
{
    return i < head->base.count ? head->base.names[i] : head->log.names[i - head->base.count];
}

struct piece *pieces_find(struct pieces *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->of[i].name, name) == 0)
            return &p->of[i];
    }
    return NULL;
}

/* The whole lines that are there. */
static int carry_out(struct pieces *p, struct shared_rows *rows, struct error *err)
{
    const char *last = p->lines.len ? memrchr(p->lines.ptr, '\n', p->lines.len) : NULL;
    size_t n = last ? (size_t)(last + 1 - p->lines.ptr) : 0;
    int rc = rows_apply_all(rows, str_n(p->lines.ptr, n), err);
    p->lines.len -= n;
    if (n)
        memmove(p->lines.ptr, p->lines.ptr + n, p->lines.len);
    return rc;
}

int pieces_apply(struct pieces *p, struct piece *piece, struct shared_rows *rows, size_t *bytes, struct error *err)
{
    size_t before = p->lines.len;
    int rc = piece->packed ? object_unpack(str_of(piece->packed), &p->lines, err)
                           : error_set(err, ERR_INVALID, "it has no rows");
    *bytes += p->lines.len - before;
    free(piece->packed);
    piece->packed = NULL;
    piece->wanted = true;
    return rc ? rc : carry_out(p, rows, err);
}

int pieces_apply_last(struct pieces *p, struct str log, struct shared_rows *rows, struct error *err)
{
    buf_add_str(&p->lines, log);
    int rc = buf_result(&p->lines, "the state", err);
    if (!rc)
        rc = carry_out(p, rows, err);
    return rc || !p->lines.len ? rc : error_set(err, ERR_INVALID, "a row is cut off");
}

void pieces_forget(struct pieces *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->of[i].packed);
    p->count = 0;
}

void pieces_free(struct pieces *p)
{
    pieces_forget(p);
    free(p->of);
    buf_free(&p->lines);
    *p = (struct pieces){0};
}
