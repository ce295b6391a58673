/* SPDX-License-Identifier: Apache-2.0 */
/* The list of edits, as the caller makes it. What is wrong with one is told by json_edit_apply. */
#include "json/edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/grown.h"
#include "json/changes.h"
#include "json/write.h"

static void add(struct json_edits *edits, const char *pointer, struct str raw)
{
    if (edits->failed)
        return;
    struct json_edit *items = grown(edits->items, edits->count, &edits->cap, sizeof *items, 8);
    if (!items) {
        edits->failed = ERR_NOMEM;
        return;
    }
    edits->items = items;
    size_t len = strlen(pointer) + 1;
    char *copy = malloc(len + raw.len);
    if (!copy) {
        edits->failed = ERR_NOMEM;
        return;
    }
    memcpy(copy, pointer, len);
    if (raw.len)
        memcpy(copy + len, raw.ptr, raw.len);
    edits->items[edits->count++] = (struct json_edit){copy, {raw.ptr ? copy + len : NULL, raw.len}};
}

void json_edit_set(struct json_edits *edits, const char *pointer, struct str raw)
{
    add(edits, pointer, raw.ptr ? raw : str_of(""));
}

void json_edit_set_string(struct json_edits *edits, const char *pointer, struct str text)
{
    struct buf quoted = BUF_INIT;
    json_quote(&quoted, text);
    if (quoted.failed)
        edits->failed = ERR_NOMEM;
    else
        add(edits, pointer, buf_str(&quoted));
    buf_free(&quoted);
}

void json_edit_remove(struct json_edits *edits, const char *pointer)
{
    add(edits, pointer, (struct str){NULL, 0});
}

void json_edits_free(struct json_edits *edits)
{
    for (size_t i = 0; i < edits->count; i++)
        free(edits->items[i].pointer);
    free(edits->items);
    *edits = (struct json_edits){0};
}

void json_pointer_push(struct buf *pointer, struct str key)
{
    buf_putc(pointer, '/');
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] == '~')
            buf_puts(pointer, "~0");
        else if (key.ptr[i] == '/')
            buf_puts(pointer, "~1");
        else
            buf_putc(pointer, key.ptr[i]);
    }
}
