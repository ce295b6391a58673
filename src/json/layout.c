/* SPDX-License-Identifier: Apache-2.0 */
/* A value with new white space; keys, strings and numbers keep their bytes. Iterative: one pass over the
 * tokens, with a depth instead of a stack. */
#include <string.h>

#include "json/bytes.h"
#include "json/scan.h"
#include "json/style.h"
#include "json/write.h"

const struct json_style json_style_compact = {.colon = {":", 1}};
static const struct json_style pretty = {
    .lines = true, .lead = {"\n", 1}, .step = {"  ", 2}, .comma = {" ", 1}, .colon = {": ", 2}};

void json_lead(struct buf *out, const struct json_style *style, size_t deeper)
{
    if (!style->lines)
        return;
    buf_add_str(out, style->lead);
    for (deeper += style->deeper; deeper > 0; deeper--)
        buf_add_str(out, style->step);
}

/* p: past the opening bracket. Returns past the value's first token, with the depth adjusted. */
static const char *open_container(struct buf *out, const char *p, const char *end, const struct json_style *style,
                                  size_t *depth)
{
    p = skip_space(p, end);
    if (*p == '}' || *p == ']') {
        buf_putc(out, *p);
        return p + 1;
    }
    json_lead(out, style, ++*depth);
    return p;
}

void json_layout(struct buf *out, struct json value, const struct json_style *style)
{
    const char *p = value.text.ptr, *end = p + value.text.len;
    size_t depth = 0;
    while (p < end && !out->failed) {
        char c = *p;
        if (is_space(c)) {
            p = skip_space(p, end);
            continue;
        }
        if (c == '"' || is_digit(c) || c == '-' || c == 't' || c == 'f' || c == 'n') {
            const char *token = p;
            p = json_skip(p, end);
            /* A root number has nothing behind it to stop at; a key's end is its quote. */
            buf_add(out, token, (size_t)(p - token));
            continue;
        }
        p++;
        if (c == ':') {
            buf_add_str(out, style->colon);
            continue;
        }
        if (c == '}' || c == ']')
            json_lead(out, style, --depth);
        buf_putc(out, c);
        if (c == ',') {
            if (!style->lines)
                buf_add_str(out, style->comma);
            json_lead(out, style, depth);
        } else if (c == '{' || c == '[') {
            p = open_container(out, p, end, style, &depth);
        }
    }
}

void json_pretty(struct buf *out, struct json root)
{
    json_layout(out, root, &pretty);
}
