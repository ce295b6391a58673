/* SPDX-License-Identifier: Apache-2.0 */
/* From a json-c tree to the text that a Kubernetes API server would send. */
#include "sim/doc/doc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 1: must be escaped; 2: only where HTML characters are; 3: may begin U+2028 or U+2029 */
static const unsigned char special[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,         1,          1,         1,         1,         1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ['"'] = 1, ['\\'] = 1, ['<'] = 2, ['>'] = 2, ['&'] = 2, [0xe2] = 3,
};

static bool needs_escape(unsigned char c, bool html)
{
    return special[c] && (html || special[c] != 2);
}

static void write_escaped(struct buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        buf_puts(out, "\\\"");
        break;
    case '\\':
        buf_puts(out, "\\\\");
        break;
    case '\b':
        buf_puts(out, "\\b");
        break;
    case '\f':
        buf_puts(out, "\\f");
        break;
    case '\n':
        buf_puts(out, "\\n");
        break;
    case '\r':
        buf_puts(out, "\\r");
        break;
    case '\t':
        buf_puts(out, "\\t");
        break;
    default:
        buf_printf(out, "\\u%04x", c);
    }
}

static void write_string(struct buf *out, const char *s, size_t n, bool html)
{
    if (out->len + n + 3 > out->cap)
        buf_reserve(out, n + 2);
    sim_putc(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (!special[c] || !needs_escape(c, html))
            continue;
        bool separator =
            c == 0xe2 && i + 2 < n && (unsigned char)s[i + 1] == 0x80 && ((unsigned char)s[i + 2] | 1) == 0xa9;
        if (c == 0xe2 && !separator)
            continue;
        sim_add(out, s + from, i - from);
        if (separator) { /* U+2028 and U+2029 end a line in JavaScript, so Go escapes them */
            buf_puts(out, (unsigned char)s[i + 2] == 0xa8 ? "\\u2028" : "\\u2029");
            i += 2;
        } else {
            write_escaped(out, c);
        }
        from = i + 1;
    }
    sim_add(out, s + from, n - from);
    sim_putc(out, '"');
}

void doc_write_string(struct buf *out, const char *s, size_t n)
{
    write_string(out, s, n, true);
}

void doc_write_plain_string(struct buf *out, const char *s, size_t n)
{
    write_string(out, s, n, false);
}

/* Go writes %f between 1e-6 and 1e21 and the exponent without a leading zero elsewhere, in the fewest digits. */
static void write_double(struct buf *out, double v)
{
    char b[40];
    if (v == 0) {
        sim_putc(out, '0');
        return;
    }
    int digits = 1;
    for (; digits <= 17; digits++) {
        snprintf(b, sizeof b, "%.*e", digits - 1, v);
        if (strtod(b, NULL) == v)
            break;
    }
    double size = fabs(v);
    char *e = strchr(b, 'e');
    if (!e)
        return;
    int exponent = (int)strtol(e + 1, NULL, 10);
    if (size < 1e-6 || size >= 1e21) {
        *e = 0;
        buf_printf(out, "%se%c%d", b, exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    char mantissa[24];
    size_t n = 0;
    for (char *p = b; p < e; p++)
        if (*p >= '0' && *p <= '9' && n < sizeof mantissa)
            mantissa[n++] = *p;
    if (v < 0)
        sim_putc(out, '-');
    if (exponent < 0) {
        buf_puts(out, "0.");
        for (int i = -1; i > exponent; i--)
            sim_putc(out, '0');
        sim_add(out, mantissa, n);
        return;
    }
    for (int i = 0; i <= exponent || i < (int)n; i++) {
        if (i == exponent + 1)
            sim_putc(out, '.');
        sim_putc(out, i < (int)n ? mantissa[i] : '0');
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct doc_member *)a)->key, ((const struct doc_member *)b)->key);
}

struct doc_member *doc_members(json_object *obj, size_t *count)
{
    size_t n = (size_t)json_object_object_length(obj), i = 0;
    bool ordered = true;
    struct doc_member *m = sim_realloc(NULL, n * sizeof *m);
    json_object_object_foreach(obj, key, value)
    {
        m[i] = (struct doc_member){key, value};
        if (i && ordered && strcmp(m[i - 1].key, key) > 0)
            ordered = false;
        i++;
    }
    if (!ordered)
        qsort(m, n, sizeof *m, by_key);
    *count = n;
    return m;
}

static void write_object(struct buf *out, json_object *obj)
{
    size_t n;
    if (json_object_object_length(obj) == 0) {
        sim_add(out, "{}", 2);
        return;
    }
    struct doc_member *m = doc_members(obj, &n);
    sim_putc(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            sim_putc(out, ',');
        doc_write_string(out, m[i].key, strlen(m[i].key));
        sim_putc(out, ':');
        doc_write(out, m[i].value);
    }
    sim_putc(out, '}');
    free(m);
}

static void write_array(struct buf *out, json_object *array)
{
    size_t n = json_object_array_length(array);
    sim_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            sim_putc(out, ',');
        doc_write(out, json_object_array_get_idx(array, i));
    }
    sim_putc(out, ']');
}

static void write_int(struct buf *out, int64_t v)
{
    if (v < 0)
        sim_putc(out, '-');
    sim_add_u64(out, v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v);
}

void doc_write(struct buf *out, json_object *doc)
{
    switch (json_object_get_type(doc)) {
    case json_type_null:
        buf_puts(out, "null");
        break;
    case json_type_boolean:
        buf_puts(out, json_object_get_boolean(doc) ? "true" : "false");
        break;
    case json_type_int:
        write_int(out, json_object_get_int64(doc));
        break;
    case json_type_double:
        write_double(out, json_object_get_double(doc));
        break;
    case json_type_string:
        doc_write_string(out, json_object_get_string(doc), (size_t)json_object_get_string_len(doc));
        break;
    case json_type_array:
        write_array(out, doc);
        break;
    case json_type_object:
        write_object(out, doc);
        break;
    }
}

static void new_line(struct buf *out, size_t depth)
{
    sim_putc(out, '\n');
    for (size_t i = 0; i < depth; i++)
        buf_puts(out, "  ");
}

void doc_write_pretty(struct buf *out, const char *s, size_t len)
{
    size_t depth = 0;
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '"') {
            size_t from = i++;
            while (i < len && s[i] != '"')
                i += s[i] == '\\' ? 2 : 1;
            sim_add(out, s + from, (i < len ? i + 1 : len) - from);
        } else if ((c == '{' || c == '[') && i + 1 < len && s[i + 1] == c + 2) {
            sim_add(out, s + i++, 2); /* {} and [] stay on one line; in ASCII one closes two after it opens */
        } else if (c == '{' || c == '[') {
            sim_putc(out, c);
            new_line(out, ++depth);
        } else if (c == '}' || c == ']') {
            new_line(out, depth ? --depth : 0);
            sim_putc(out, c);
        } else if (c == ',') {
            sim_putc(out, c);
            new_line(out, depth);
        } else if (c == ':') {
            buf_puts(out, ": ");
        } else if (c != '\n') {
            sim_putc(out, c);
        }
    }
}
