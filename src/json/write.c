/* SPDX-License-Identifier: Apache-2.0 */
/* The writer, which puts commas and colons by itself. */
#include "json/write.h"

#include <assert.h>
#include <inttypes.h>

#include "json/bytes.h"
#include "json/scan.h"

void json_writer_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out};
}

static bool test_bit(const uint64_t *bits, int i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void assign_bit(uint64_t *bits, int i, bool value)
{
    uint64_t bit = UINT64_C(1) << (i % 64);
    bits[i / 64] = value ? bits[i / 64] | bit : bits[i / 64] & ~bit;
}

/* Levels past the most have failed the buffer already; they are only counted. */
static bool within(const struct json_writer *w)
{
    return w->depth > 0 && w->depth <= JSON_DEPTH_MAX;
}

/* What goes before an element, or before a key in an object. */
static void separate(struct json_writer *w)
{
    if (!within(w))
        return;
    if (test_bit(w->filled, w->depth - 1))
        buf_putc(w->out, ',');
    assign_bit(w->filled, w->depth - 1, true);
}

static void before_value(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    assert(!within(w) || !test_bit(w->object, w->depth - 1));
    separate(w);
}

static void open_level(struct json_writer *w, bool object)
{
    before_value(w);
    buf_putc(w->out, object ? '{' : '[');
    if (++w->depth > JSON_DEPTH_MAX) {
        if (!w->out->failed)
            w->out->failed = ERR_LIMIT;
        return;
    }
    assign_bit(w->filled, w->depth - 1, false);
    assign_bit(w->object, w->depth - 1, object);
}

void json_write_object(struct json_writer *w)
{
    open_level(w, true);
}

void json_write_array(struct json_writer *w)
{
    open_level(w, false);
}

void json_write_end(struct json_writer *w)
{
    assert(w->depth > 0 && !w->after_key);
    bool object = within(w) && test_bit(w->object, w->depth - 1);
    w->depth--;
    buf_putc(w->out, object ? '}' : ']');
}

void json_write_key(struct json_writer *w, const char *key)
{
    json_write_key_str(w, str_of(key));
}

void json_write_key_str(struct json_writer *w, struct str key)
{
    assert(w->depth > 0 && !w->after_key && (!within(w) || test_bit(w->object, w->depth - 1)));
    separate(w);
    json_quote(w->out, key);
    buf_putc(w->out, ':');
    w->after_key = true;
}

void json_write_string(struct json_writer *w, const char *text)
{
    if (!text)
        json_write_null(w);
    else
        json_write_str(w, str_of(text));
}

void json_write_str(struct json_writer *w, struct str text)
{
    before_value(w);
    json_quote(w->out, text);
}

void json_write_int(struct json_writer *w, int64_t number)
{
    before_value(w);
    buf_printf(w->out, "%" PRId64, number);
}

void json_write_double(struct json_writer *w, double number)
{
    before_value(w);
    json_format_double(w->out, number);
}

void json_write_bool(struct json_writer *w, bool value)
{
    before_value(w);
    buf_puts(w->out, value ? "true" : "false");
}

void json_write_null(struct json_writer *w)
{
    before_value(w);
    buf_puts(w->out, "null");
}

void json_write_raw(struct json_writer *w, struct json value)
{
    assert(json_exists(value));
    before_value(w);
    buf_add_str(w->out, value.text);
}

static void quote_control(struct buf *out, char c)
{
    static const char letters[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if ((size_t)c < sizeof letters && letters[(size_t)c]) {
        char escape[] = {'\\', letters[(size_t)c]};
        buf_add(out, escape, 2);
    } else {
        buf_printf(out, "\\u%04X", (unsigned)c);
    }
}

/* The run of bytes from p that need nothing done to them. */
static const char *plain_run(const char *p, const char *end)
{
    while (p < end) {
        if (end - p >= 16 && !special16(p)) {
            p += 16;
            continue;
        }
        if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20)
            break;
        size_t n = json_utf8(p, end);
        if (n == 0)
            break;
        p += n;
    }
    return p;
}

void json_quote(struct buf *out, struct str text)
{
    const char *p = text.ptr, *end = p + text.len;
    if (buf_reserve(out, text.len + 2))
        return;
    buf_putc(out, '"');
    while (p < end) {
        const char *run = plain_run(p, end);
        buf_add(out, p, (size_t)(run - p));
        if (run == end)
            break;
        p = run + 1;
        if (*run == '"' || *run == '\\') {
            char escape[] = {'\\', *run};
            buf_add(out, escape, 2);
        } else if ((unsigned char)*run < 0x20) {
            quote_control(out, *run);
        } else {
            buf_puts(out, "\xEF\xBF\xBD");
        }
    }
    buf_putc(out, '"');
}
