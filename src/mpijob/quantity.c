/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities: a sign, digits, and a suffix that is a power of ten or of two. */
#include "mpijob/quantity.h"

#include <string.h>

/* Beyond these a number is larger, or smaller, than anything that is told apart. */
#define EXPONENT_MAX INT32_MAX

struct suffix {
    const char *text;
    int exponent;
    bool binary;
};

static const struct suffix suffixes[] = {{"", 0, false},   {"n", -9, false}, {"u", -6, false}, {"m", -3, false},
                                         {"k", 3, false},  {"M", 6, false},  {"G", 9, false},  {"T", 12, false},
                                         {"P", 15, false}, {"E", 18, false}, {"Ki", 10, true}, {"Mi", 20, true},
                                         {"Gi", 30, true}, {"Ti", 40, true}, {"Pi", 50, true}, {"Ei", 60, true}};

static struct str digits_of(struct str *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
        n++;
    struct str digits = str_n(rest->ptr, n);
    *rest = str_n(rest->ptr + n, rest->len - n);
    return digits;
}

static bool takes(struct str *rest, char c)
{
    if (!rest->len || *rest->ptr != c)
        return false;
    *rest = str_n(rest->ptr + 1, rest->len - 1);
    return true;
}

/* "e3", "E-3". Go reads the digits as an int64: more is no exponent. */
static bool read_exponent(struct str text, struct suffix *out)
{
    if (!takes(&text, 'e') && !takes(&text, 'E'))
        return false;
    bool negative = takes(&text, '-');
    if (!negative)
        takes(&text, '+');
    struct str digits = digits_of(&text);
    int64_t exponent = 0;
    if (!digits.len || text.len)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (__builtin_mul_overflow(exponent, 10, &exponent) ||
            __builtin_add_overflow(exponent, digits.ptr[i] - '0', &exponent))
            return false;
    }
    if (exponent > EXPONENT_MAX)
        exponent = EXPONENT_MAX;
    *out = (struct suffix){.exponent = (int)(negative ? -exponent : exponent)};
    return true;
}

static bool read_suffix(struct str text, struct suffix *out)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (str_is(text, suffixes[i].text)) {
            *out = suffixes[i];
            return true;
        }
    }
    return read_exponent(text, out);
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t multiply(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* The digits before and behind the point, times 10^exponent. */
static int64_t decimal(struct str before, struct str after, int exponent)
{
    int64_t whole = 0, left = (int64_t)before.len + exponent; /* how many digits are of the whole number */
    size_t i = 0, count = before.len + after.len;
    for (; i < count && left > 0; i++, left--)
        whole = add(multiply(whole, 10), (i < before.len ? before.ptr[i] : after.ptr[i - before.len]) - '0');
    for (; left > 0 && whole > 0 && whole < INT64_MAX; left--)
        whole = multiply(whole, 10);
    for (; i < count; i++) {
        if ((i < before.len ? before.ptr[i] : after.ptr[i - before.len]) != '0')
            return add(whole, 1);
    }
    return whole;
}

/* The same times 2^exponent, up to 60. The fraction is multiplied from its last digit on, as on paper. */
static int64_t binary(struct str before, struct str after, int exponent)
{
    uint64_t carry = 0;
    bool more = false;
    for (size_t i = after.len; i-- > 0;) {
        carry += (uint64_t)(after.ptr[i] - '0') << exponent;
        more = more || carry % 10;
        carry /= 10;
    }
    int64_t whole = multiply(decimal(before, (struct str){0}, 0), INT64_C(1) << exponent);
    return add(whole, (int64_t)carry + more);
}

bool quantity_parse(struct str text, int64_t *whole)
{
    struct suffix suffix;
    if (!text.len)
        return false;
    bool negative = takes(&text, '-');
    if (!negative)
        takes(&text, '+');
    struct str before = digits_of(&text), after = {0};
    if (takes(&text, '.'))
        after = digits_of(&text);
    if (!read_suffix(text, &suffix))
        return false;
    /* Without a digit it is 0, strange as that is, but not with the suffixes for which Go takes its slow way. */
    if (!before.len && !after.len && (suffix.binary ? suffix.exponent >= 50 : suffix.exponent < -9))
        return false;
    int64_t value = (suffix.binary ? binary : decimal)(before, after, suffix.exponent);
    *whole = negative ? -value : value;
    return true;
}

bool quantity_of(struct json value, int64_t *whole)
{
    *whole = 0;
    switch (json_type(value)) {
    case JSON_NULL:
        return true;
    case JSON_NUMBER:
        return quantity_parse(value.text, whole);
    case JSON_STRING: /* as it stands: Go does not decode escapes here */
        return quantity_parse(str_trim(str_n(value.text.ptr + 1, value.text.len - 2)), whole);
    default:
        return false;
    }
}
