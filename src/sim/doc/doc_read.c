/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to a json-c tree: strict, but for what a Kubernetes API server lets pass (see doc.h). */
#include "sim/doc/doc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct place { /* where in the document the reader is, for the names of duplicate members */
    const struct place *up;
    const char *key; /* NULL for an array's element */
    size_t index;
};

struct reader {
    const char *at, *end;
    struct doc_reading *r;
    int depth;
    struct buf scratch;
};

static bool read_value(struct reader *rd, const struct place *here, json_object **out);

static bool fail(struct reader *rd, char *message)
{
    if (rd->r->error)
        free(message);
    else
        rd->r->error = message;
    return false;
}

static bool fail_end(struct reader *rd)
{
    return fail(rd, sim_strdup("unexpected end of JSON input"));
}

static bool fail_char(struct reader *rd, const char *where)
{
    if (rd->at >= rd->end)
        return fail_end(rd);
    unsigned char c = (unsigned char)*rd->at;
    if (c == '\'')
        return fail(rd, sim_format("invalid character '\\'' %s", where));
    if (c < 0x20 || c >= 0x7f)
        return fail(rd, sim_format("invalid character '\\x%02x' %s", c, where));
    return fail(rd, sim_format("invalid character '%c' %s", c, where));
}

static void skip_space(struct reader *rd)
{
    while (rd->at < rd->end && (*rd->at == ' ' || *rd->at == '\t' || *rd->at == '\n' || *rd->at == '\r'))
        rd->at++;
}

static bool read_hex4(struct reader *rd, uint32_t *out)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++, rd->at++) {
        if (rd->at >= rd->end)
            return fail_end(rd);
        char c = *rd->at;
        uint32_t d = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                            : 99;
        if (d == 99)
            return fail_char(rd, "in \\u hexadecimal character escape");
        v = v * 16 + d;
    }
    *out = v;
    return true;
}

static bool read_unicode_escape(struct reader *rd)
{
    uint32_t c;
    if (!read_hex4(rd, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00 && rd->end - rd->at >= 2 && rd->at[0] == '\\' && rd->at[1] == 'u') {
        const char *back = rd->at;
        uint32_t low;
        rd->at += 2;
        if (!read_hex4(rd, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        else
            rd->at = back; /* the second escape stands for itself */
    }
    if (c >= 0xd800 && c < 0xe000)
        c = 0xfffd;
    doc_add_rune(&rd->scratch, c);
    return true;
}

static bool read_escape(struct reader *rd)
{
    if (rd->at >= rd->end)
        return fail_end(rd);
    char c = *rd->at++;
    switch (c) {
    case '"':
    case '\\':
    case '/':
        buf_putc(&rd->scratch, c);
        return true;
    case 'b':
        buf_putc(&rd->scratch, '\b');
        return true;
    case 'f':
        buf_putc(&rd->scratch, '\f');
        return true;
    case 'n':
        buf_putc(&rd->scratch, '\n');
        return true;
    case 'r':
        buf_putc(&rd->scratch, '\r');
        return true;
    case 't':
        buf_putc(&rd->scratch, '\t');
        return true;
    case 'u':
        return read_unicode_escape(rd);
    default:
        rd->at--;
        return fail_char(rd, "in string escape code");
    }
}

/* Gives the bytes in place, or, where something had to be decoded, those in scratch. */
static bool read_string(struct reader *rd, const char **s, size_t *n)
{
    const char *start = ++rd->at;
    while (rd->at < rd->end && *rd->at != '"' && *rd->at != '\\' && (unsigned char)*rd->at >= 0x20 &&
           (unsigned char)*rd->at < 0x80)
        rd->at++;
    if (rd->at < rd->end && *rd->at == '"') {
        *s = start;
        *n = (size_t)(rd->at++ - start);
        return true;
    }
    buf_reset(&rd->scratch);
    buf_add(&rd->scratch, start, (size_t)(rd->at - start));
    while (rd->at < rd->end && *rd->at != '"') {
        unsigned char c = (unsigned char)*rd->at;
        if (c < 0x20)
            return fail_char(rd, "in string literal");
        if (c == '\\') {
            rd->at++;
            if (!read_escape(rd))
                return false;
            continue;
        }
        size_t step = doc_rune_length((const unsigned char *)rd->at, (size_t)(rd->end - rd->at));
        if (step)
            buf_add(&rd->scratch, rd->at, step);
        else
            doc_add_rune(&rd->scratch, 0xfffd);
        rd->at += step ? step : 1;
    }
    if (rd->at >= rd->end)
        return fail_end(rd);
    rd->at++;
    *s = rd->scratch.ptr;
    *n = rd->scratch.len;
    return true;
}

static bool skip_digits(struct reader *rd)
{
    const char *start = rd->at;
    while (rd->at < rd->end && *rd->at >= '0' && *rd->at <= '9')
        rd->at++;
    return rd->at > start;
}

static bool read_number(struct reader *rd, json_object **out)
{
    const char *start = rd->at;
    bool integer = true;
    if (*rd->at == '-')
        rd->at++;
    if (rd->at < rd->end && *rd->at == '0')
        rd->at++;
    else if (!skip_digits(rd))
        return fail_char(rd, "in numeric literal");
    if (rd->at < rd->end && *rd->at == '.') {
        integer = false;
        rd->at++;
        if (!skip_digits(rd))
            return fail_char(rd, "after decimal point in numeric literal");
    }
    if (rd->at < rd->end && (*rd->at == 'e' || *rd->at == 'E')) {
        integer = false;
        rd->at++;
        if (rd->at < rd->end && (*rd->at == '+' || *rd->at == '-'))
            rd->at++;
        if (!skip_digits(rd))
            return fail_char(rd, "in exponent of numeric literal");
    }
    buf_reset(&rd->scratch);
    buf_add(&rd->scratch, start, (size_t)(rd->at - start));
    errno = 0;
    if (integer) {
        long long v = strtoll(rd->scratch.ptr, NULL, 10);
        if (errno == 0) {
            *out = json_object_new_int64(v);
            return true;
        }
    }
    double d = strtod(rd->scratch.ptr, NULL);
    if (isinf(d))
        return fail(rd, sim_format("json: cannot unmarshal number %.*s into Go value of type float64",
                                   (int)(rd->scratch.len > 64 ? 64 : rd->scratch.len), rd->scratch.ptr));
    if (d == floor(d))
        rd->r->whole_float = true;
    *out = json_object_new_double(d);
    return true;
}

static void write_place(struct buf *t, const struct place *p)
{
    if (!p)
        return;
    write_place(t, p->up);
    if (!p->key) {
        buf_printf(t, "[%zu]", p->index);
        return;
    }
    if (t->len)
        buf_putc(t, '.');
    buf_puts(t, p->key);
}

static bool read_members(struct reader *rd, const struct place *here, json_object *obj)
{
    for (;;) {
        skip_space(rd);
        if (rd->at >= rd->end || *rd->at != '"')
            return fail_char(rd, "looking for beginning of object key string");
        const char *s;
        size_t n;
        if (!read_string(rd, &s, &n))
            return false;
        char brief[64], *key = brief; /* a copy, because the value's strings use the same scratch */
        if (n < sizeof brief)
            *(char *)mempcpy(brief, s, n) = 0;
        else
            key = sim_strndup(s, n);
        skip_space(rd);
        if (rd->at >= rd->end || *rd->at != ':') {
            if (key != brief)
                free(key);
            return fail_char(rd, "after object key");
        }
        rd->at++;
        struct place place = {here, key, 0};
        json_object *value = NULL;
        bool good = read_value(rd, &place, &value);
        if (good) {
            bool again = json_object_object_get_ex(obj, key, NULL);
            if (again && rd->r->duplicates) {
                struct buf name = BUF_INIT;
                write_place(&name, &place);
                findings_add(rd->r->duplicates, sim_format("duplicate field \"%s\"", name.ptr));
                buf_free(&name);
            }
            json_object_object_add_ex(obj, key, value, again ? 0 : JSON_C_OBJECT_ADD_KEY_IS_NEW);
        }
        if (key != brief)
            free(key);
        if (!good)
            return false;
        skip_space(rd);
        if (rd->at < rd->end && *rd->at == ',') {
            rd->at++;
            continue;
        }
        if (rd->at >= rd->end || *rd->at != '}')
            return fail_char(rd, "after object key:value pair");
        rd->at++;
        return true;
    }
}

static bool read_elements(struct reader *rd, const struct place *here, json_object *array)
{
    for (size_t i = 0;; i++) {
        struct place place = {here, NULL, i};
        json_object *value = NULL;
        if (!read_value(rd, &place, &value))
            return false;
        json_object_array_add(array, value);
        skip_space(rd);
        if (rd->at < rd->end && *rd->at == ',') {
            rd->at++;
            continue;
        }
        if (rd->at >= rd->end || *rd->at != ']')
            return fail_char(rd, "after array element");
        rd->at++;
        return true;
    }
}

static bool read_compound(struct reader *rd, const struct place *here, json_object **out, bool object)
{
    if (rd->depth >= DOC_DEPTH_MAX)
        return fail(rd, sim_strdup("exceeded max depth"));
    rd->at++;
    *out = object ? json_object_new_object() : json_object_new_array_ext(4);
    skip_space(rd);
    if (rd->at < rd->end && *rd->at == (object ? '}' : ']')) {
        rd->at++;
        return true;
    }
    rd->depth++;
    bool good = object ? read_members(rd, here, *out) : read_elements(rd, here, *out);
    rd->depth--;
    if (!good) {
        json_object_put(*out);
        *out = NULL;
    }
    return good;
}

static bool read_word(struct reader *rd, const char *word)
{
    for (const char *w = word; *w; w++, rd->at++)
        if (rd->at >= rd->end || *rd->at != *w)
            return fail_char(rd, "in literal");
    return true;
}

static bool read_value(struct reader *rd, const struct place *here, json_object **out)
{
    skip_space(rd);
    if (rd->at >= rd->end)
        return fail_end(rd);
    const char *s;
    size_t n;
    switch (*rd->at) {
    case '{':
        return read_compound(rd, here, out, true);
    case '[':
        return read_compound(rd, here, out, false);
    case '"':
        if (!read_string(rd, &s, &n))
            return false;
        *out = json_object_new_string_len(s, (int)n);
        return true;
    case 't':
        *out = json_object_new_boolean(true);
        break;
    case 'f':
        *out = json_object_new_boolean(false);
        break;
    case 'n':
        *out = NULL;
        break;
    default:
        if (*rd->at == '-' || (*rd->at >= '0' && *rd->at <= '9'))
            return read_number(rd, out);
        return fail_char(rd, "looking for beginning of value");
    }
    if (read_word(rd, *out == NULL ? "null" : json_object_get_boolean(*out) ? "true" : "false"))
        return true;
    json_object_put(*out);
    *out = NULL;
    return false;
}

json_object *doc_read(const char *bytes, size_t len, struct doc_reading *r)
{
    struct reader rd = {.at = bytes, .end = bytes + len, .r = r};
    json_object *doc = NULL;
    r->error = NULL;
    r->whole_float = false;
    if (read_value(&rd, NULL, &doc)) {
        skip_space(&rd);
        if (rd.at < rd.end) {
            fail_char(&rd, "after top-level value");
            json_object_put(doc);
            doc = NULL;
        }
    }
    buf_free(&rd.scratch);
    return doc;
}

json_object *doc_parse(const char *bytes, size_t len)
{
    struct doc_reading r = {0};
    json_object *doc = doc_read(bytes, len, &r);
    free(r.error);
    return doc;
}
