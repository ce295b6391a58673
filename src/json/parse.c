/* SPDX-License-Identifier: Apache-2.0 */
/* The strict scanner: RFC 8259 to the letter, in one pass and without recursion. */
#include <stdio.h>
#include <string.h>

#include "json/bytes.h"
#include "json/scan.h"

size_t json_utf8(const char *p, const char *end)
{
    const unsigned char *s = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    if (left == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || left < n)
        return 0;
    unsigned char low = 0x80, high = 0xBF; /* of the second byte */
    if (s[0] == 0xE0)
        low = 0xA0;
    else if (s[0] == 0xED)
        high = 0x9F;
    else if (s[0] == 0xF0)
        low = 0x90;
    else if (s[0] == 0xF4)
        high = 0x8F;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

struct scan {
    const char *end;
    const char *wrong;    /* where it failed */
    const char *expected; /* and what should have stood there */
    bool deep;
};

/* Returns NULL, so that callers can pass it on. */
static const char *fail(struct scan *s, const char *at, const char *expected)
{
    s->wrong = at;
    s->expected = expected;
    return NULL;
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static const char *scan_escape(struct scan *s, const char *p)
{
    const char *at = p++;
    if (p < s->end && *p && strchr("\"\\/bfnrt", *p))
        return p + 1;
    if (p >= s->end || *p != 'u')
        return fail(s, at, "an escape (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX)");
    p++;
    for (int i = 0; i < 4; i++, p++)
        if (p >= s->end || !is_hex(*p))
            return fail(s, at, "four hexadecimal digits after \\u");
    return p;
}

/* p: after the opening quote. Returns past the closing one. */
static inline const char *scan_string(struct scan *s, const char *p)
{
    for (;;) {
        if (s->end - p >= 16) {
            unsigned special = special16(p);
            if (!special) {
                p += 16;
                continue;
            }
            p += __builtin_ctz(special);
        }
        if (p >= s->end)
            return fail(s, p, "the end of a string (a quote)");
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            return p + 1;
        if (c == '\\') {
            p = scan_escape(s, p);
            if (!p)
                return NULL;
        } else if (c < 0x20) {
            return fail(s, p, "no control character inside a string (write it as an escape)");
        } else {
            size_t n = json_utf8(p, s->end);
            if (n == 0)
                return fail(s, p, "valid UTF-8");
            p += n;
        }
    }
}

static const char *scan_digits(struct scan *s, const char *p)
{
    if (p >= s->end || !is_digit(*p))
        return fail(s, p, "a digit");
    while (p < s->end && is_digit(*p))
        p++;
    return p;
}

static const char *scan_number(struct scan *s, const char *p)
{
    if (*p == '-')
        p++;
    if (p < s->end && *p == '0') {
        p++;
        if (p < s->end && is_digit(*p))
            return fail(s, p, "a number without leading zeros");
    } else if (!(p = scan_digits(s, p))) {
        return NULL;
    }
    if (p < s->end && *p == '.' && !(p = scan_digits(s, p + 1)))
        return NULL;
    if (p < s->end && (*p | 0x20) == 'e') {
        p++;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        p = scan_digits(s, p);
    }
    return p;
}

static const char *scan_word(struct scan *s, const char *p, const char *word, size_t len)
{
    if ((size_t)(s->end - p) < len || memcmp(p, word, len) != 0)
        return fail(s, p, "a value");
    return p + len;
}

static const char *scan_scalar(struct scan *s, const char *p)
{
    switch (*p) {
    case '"':
        return scan_string(s, p + 1);
    case 't':
        return scan_word(s, p, "true", 4);
    case 'f':
        return scan_word(s, p, "false", 5);
    case 'n':
        return scan_word(s, p, "null", 4);
    default:
        if (*p == '-' || is_digit(*p))
            return scan_number(s, p);
        return fail(s, p, "a value");
    }
}

/* `"key" :`, p at the quote. Returns at the value. */
static inline const char *scan_key(struct scan *s, const char *p)
{
    if (p >= s->end || *p != '"')
        return fail(s, p, "a key in quotes");
    p = scan_string(s, p + 1);
    if (!p)
        return NULL;
    p = skip_space(p, s->end);
    if (p >= s->end || *p != ':')
        return fail(s, p, "a colon after the key");
    return skip_space(p + 1, s->end);
}

/* One value from p (white space before it is gone). The containers that are open are kept as a byte each. */
static const char *scan_value(struct scan *s, const char *p)
{
    char closers[JSON_DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        if (p >= s->end)
            return fail(s, p, "a value");
        if (*p == '{' || *p == '[') {
            if (depth == JSON_DEPTH_MAX) {
                s->deep = true;
                return fail(s, p, "fewer levels");
            }
            char closer = (char)(*p + 2); /* { and }, [ and ] are two apart */
            p = skip_space(p + 1, s->end);
            if (p < s->end && *p == closer) {
                p++;
            } else {
                closers[depth++] = closer;
                if (closer == '}' && !(p = scan_key(s, p)))
                    return NULL;
                continue;
            }
        } else if (!(p = scan_scalar(s, p))) {
            return NULL;
        }
        /* A value has ended: close what ends with it, up to the next value. */
        for (;; p++) {
            if (depth == 0)
                return p;
            p = skip_space(p, s->end);
            char closer = closers[depth - 1];
            if (p >= s->end || (*p != ',' && *p != closer))
                return fail(s, p, closer == '}' ? "a comma or }" : "a comma or ]");
            if (*p == ',')
                break;
            depth--;
        }
        p = skip_space(p + 1, s->end);
        if (closers[depth - 1] == '}' && !(p = scan_key(s, p)))
            return NULL;
    }
}

/* "found ..." for a message: the character itself where it can be printed. */
static void describe(const char *p, const char *end, char out[32])
{
    size_t n = json_utf8(p, end);
    if (p >= end)
        strcpy(out, "the end of the text");
    else if (n == 0 || (unsigned char)*p < 0x20 || *p == 0x7F)
        snprintf(out, 32, "byte 0x%02X", (unsigned char)*p);
    else
        snprintf(out, 32, "%.*s", (int)n, p);
}

static int report(const struct scan *s, struct str text, const char *what, struct error *err)
{
    size_t line = 1, column = 1;
    for (const char *p = text.ptr; p < s->wrong; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xC0) != 0x80) {
            column++;
        }
    }
    if (s->deep)
        return error_set(err, ERR_LIMIT, "%s nests deeper than %d levels at line %zu, column %zu", what, JSON_DEPTH_MAX,
                         line, column);
    char found[32];
    describe(s->wrong, s->end, found);
    return error_set(err, ERR_SYNTAX, "%s is no valid JSON: line %zu, column %zu: expected %s, found %s", what, line,
                     column, s->expected, found);
}

int json_parse(struct str text, const char *what, struct json *root, struct error *err)
{
    *root = (struct json){{NULL, 0}};
    if (text.len == 0)
        return error_set(err, ERR_SYNTAX, "%s is empty, not JSON", what);
    struct scan s = {.end = text.ptr + text.len};
    const char *begin = skip_space(text.ptr, s.end);
    const char *p = scan_value(&s, begin);
    if (!p)
        return report(&s, text, what, err);
    const char *rest = skip_space(p, s.end);
    if (rest < s.end) {
        fail(&s, rest, "nothing after the value");
        return report(&s, text, what, err);
    }
    root->text = str_n(begin, (size_t)(p - begin));
    return 0;
}
