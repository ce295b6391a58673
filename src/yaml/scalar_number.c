/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are numbers to kubectl, whose reader (go-yaml 2) takes what Go's own source code and YAML 1.1 write: 0400,
 * 0o400, 0x1F, 0b101, 1_000, +5, .5, 1. and 1e3. As JSON they keep their digits, also beyond what a double holds. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "yaml/parts.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int digit_of(char c)
{
    return is_digit(c) ? c - '0' : isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;
}

/* All of the text in one base. False: it is not a number of that base, or too large. */
static bool in_base(const char *text, unsigned base, uint64_t *value)
{
    *value = 0;
    for (; *text; text++) {
        unsigned digit = (unsigned)digit_of(*text);
        if (digit >= base || __builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, digit, value))
            return false;
    }
    return true;
}

/* As Go's ParseInt and ParseUint with base 0: a nought in front makes it octal. */
static bool unsigned_of(const char *text, uint64_t *value)
{
    static const struct {
        char letter;
        unsigned base;
    } bases[] = {{'b', 2}, {'o', 8}, {'x', 16}};
    if (text[0] != '0')
        return text[0] && in_base(text, 10, value);
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (tolower((unsigned char)text[1]) == bases[i].letter && text[2])
            return in_base(text + 2, bases[i].base, value);
    }
    return in_base(text + 1, 8, value);
}

static bool write_integer(bool negative, uint64_t value, struct buf *json)
{
    if (negative && value > (uint64_t)INT64_MAX + 1)
        return false;
    buf_printf(json, "%s%" PRIu64, negative && value ? "-" : "", value);
    return true;
}

static bool integer(const char *text, struct buf *json)
{
    bool negative = *text == '-', sign = negative || *text == '+';
    uint64_t value;
    if (unsigned_of(text + sign, &value))
        return (*text != '+' || value <= INT64_MAX) && write_integer(negative, value, json);
    /* 0b-1 is go-yaml's own */
    if (strncmp(text, "0b", 2) != 0 || (text[2] != '-' && text[2] != '+') || !text[3] || !in_base(text + 3, 2, &value))
        return false;
    return (text[2] == '-' || value <= INT64_MAX) && write_integer(text[2] == '-', value, json);
}

/* [-+]? (\.[0-9]+ | [0-9]+(\.[0-9]*)?) ([eE][-+]?[0-9]+)? with the digits that JSON wants: none in front, one behind a
 * point. */
static bool fraction(const char *text, struct buf *json)
{
    const char *p = text, *begin;
    size_t from = json->len;
    if (*p == '-')
        buf_putc(json, '-');
    p += *p == '-' || *p == '+';
    begin = p;
    while (is_digit(*p))
        p++;
    bool any = p > begin;
    while (begin + 1 < p && *begin == '0')
        begin++;
    buf_add_str(json, any ? str_n(begin, (size_t)(p - begin)) : str_of("0"));
    if (*p == '.') {
        const char *point = p++;
        while (is_digit(*p))
            p++;
        any = any || p > point + 1;
        if (p > point + 1)
            buf_add(json, point, (size_t)(p - point));
    }
    if (any && (*p == 'e' || *p == 'E')) {
        const char *exponent = p++;
        p += *p == '-' || *p == '+';
        any = is_digit(*p);
        while (is_digit(*p))
            p++;
        buf_add(json, exponent, (size_t)(p - exponent));
    }
    if (any && !*p && !json->failed && isfinite(strtod(json->ptr + from, NULL)))
        return true;
    if (!json->failed)
        json->len = from;
    return false;
}

static bool is_json(struct str text)
{
    struct json parsed;
    return json_parse(text, "", &parsed, NULL) == 0 && json_type(parsed) == JSON_NUMBER;
}

/* An underscore: anywhere in what begins with a digit or a sign, else between digits. */
static bool is_separator(struct str text, size_t i)
{
    return text.ptr[i] == '_' &&
           (text.ptr[0] != '.' || (i && i + 1 < text.len && is_digit(text.ptr[i - 1]) && is_digit(text.ptr[i + 1])));
}

enum yaml_sense yaml_number(struct str text, struct buf *json)
{
    struct buf plain = {.secret = true};
    enum yaml_sense sense = YAML_SENSE_TEXT;
    size_t from = json->len;
    if (!text.len || !(is_digit(text.ptr[0]) || strchr("+-.", text.ptr[0])) || memchr(text.ptr, '\0', text.len))
        return YAML_SENSE_TEXT;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_separator(text, i))
            buf_putc(&plain, text.ptr[i]);
    }
    if (plain.failed)
        json->failed = plain.failed;
    else if (text.ptr[0] != '.' && integer(plain.ptr, json))
        sense = YAML_SENSE_INTEGER;
    else if (fraction(plain.ptr, json))
        sense = YAML_SENSE_FLOAT;
    if (sense != YAML_SENSE_TEXT && !json->failed && is_json(text)) { /* -0 and 1.50 stay so */
        json->len = from;
        buf_add_str(json, text);
    }
    buf_free(&plain);
    return sense;
}
