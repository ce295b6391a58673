/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: exact as integers, correctly rounded as doubles, equal by value; never by way of the locale. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/bytes.h"
#include "json/scan.h"

/* Exponents beyond this are not told apart; no text is long enough to bring such a number back into range. */
#define EXPONENT_MOST (INT64_MAX / 4)

/* The number of a text that is trusted, taken apart: 0.digits * 10^exponent,
 * without zeros at either end of the digits. */
struct decimal {
    const char *first, *last; /* first and last digit that counts; NULL for zero. A '.' may stand between them */
    size_t digits;
    int64_t exponent; /* of the point before the first digit */
    bool negative;
    bool huge; /* the exponent itself does not fit: exponent is then far out of any range */
};

static int64_t read_exponent(const char *p, const char *end, bool *huge)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    int64_t n = 0;
    for (; p < end; p++) {
        n = n * 10 + (*p - '0');
        if (n > EXPONENT_MOST / 10 - 10) {
            *huge = true;
            n = EXPONENT_MOST / 10 - 10;
        }
    }
    return negative ? -n : n;
}

static struct decimal decimal_of(struct str number)
{
    const char *p = number.ptr, *end = p + number.len;
    struct decimal d = {.negative = *p == '-'};
    if (d.negative)
        p++;
    bool point = false;
    size_t zeros = 0;              /* so many follow the last digit that is not 0 */
    int64_t before = 0, after = 0; /* digits before the point; zeros after it before the first digit that counts */
    for (; p < end && (is_digit(*p) || *p == '.'); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (!d.first && *p == '0') {
            after += point;
            continue;
        }
        before += !point;
        zeros = *p == '0' ? zeros + 1 : 0;
        d.digits++;
        if (!d.first)
            d.first = p;
        if (*p != '0')
            d.last = p;
    }
    if (!d.first)
        return (struct decimal){.negative = d.negative};
    d.digits -= zeros;
    d.exponent = before - after;
    if (p < end)
        d.exponent += read_exponent(p + 1, end, &d.huge);
    return d;
}

/* The next digit of two decimals may be preceded by a point. */
static char take_digit(const char **p)
{
    if (**p == '.')
        ++*p;
    return *(*p)++;
}

bool json_number_equal(struct str a, struct str b)
{
    if (str_eq(a, b))
        return true;
    struct decimal x = decimal_of(a), y = decimal_of(b);
    if (!x.first || !y.first)
        return !x.first && !y.first;
    if (x.negative != y.negative || x.digits != y.digits || x.exponent != y.exponent || x.huge || y.huge)
        return false;
    for (size_t i = 0; i < x.digits; i++)
        if (take_digit(&x.first) != take_digit(&y.first))
            return false;
    return true;
}

bool json_is_integer_text(struct json v)
{
    if (json_type(v) != JSON_NUMBER)
        return false;
    for (size_t i = 0; i < v.text.len; i++)
        if (v.text.ptr[i] == '.' || (v.text.ptr[i] | 0x20) == 'e')
            return false;
    return true;
}

bool json_int64(struct json v, int64_t *out)
{
    if (json_type(v) != JSON_NUMBER)
        return false;
    struct decimal d = decimal_of(v.text);
    if (!d.first) {
        *out = 0;
        return true;
    }
    /* The digits must end at the point or before it, and 19 are the most that fit. */
    if (d.exponent > 19 || d.exponent < (int64_t)d.digits)
        return false;
    uint64_t n = 0;
    for (int64_t i = 0; i < d.exponent; i++)
        n = n * 10 + (i < (int64_t)d.digits ? (uint64_t)(take_digit(&d.first) - '0') : 0);
    if (n > (uint64_t)INT64_MAX + d.negative)
        return false;
    *out = d.negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

/* strtod with a point, whatever setlocale was told. glibc hands out one constant "C" locale: nothing is allocated. */
static double read_double(const char *text)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double number = strtod_l(text, NULL, c);
    freelocale(c);
    return number;
}

/* Half-way cases between doubles have at most 767 digits: past 800, all that matters is whether anything follows. */
#define DIGITS_MOST 800

bool json_double(struct json v, double *out)
{
    if (json_type(v) != JSON_NUMBER)
        return false;
    char text[DIGITS_MOST + 40];
    if (v.text.len < 64) {
        memcpy(text, v.text.ptr, v.text.len);
        text[v.text.len] = '\0';
        *out = read_double(text);
        return true;
    }
    struct decimal d = decimal_of(v.text);
    size_t len = 0, digits = d.digits < DIGITS_MOST ? d.digits : DIGITS_MOST;
    if (d.negative)
        text[len++] = '-';
    text[len++] = '0';
    text[len++] = '.';
    for (size_t i = 0; i < digits; i++)
        text[len++] = take_digit(&d.first);
    if (digits < d.digits)
        text[len++] = '1';
    snprintf(text + len, sizeof text - len, "e%lld", (long long)d.exponent);
    *out = read_double(text);
    return true;
}

/* "%.*e" into sign, digits and exponent: the locale's decimal point, whatever it is, stands between digits. */
static int take_apart(double number, int precision, char digits[20])
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", precision - 1, fabs(number));
    size_t n = 0;
    const char *p = text;
    for (; *p != 'e'; p++)
        if (is_digit(*p))
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return (int)strtol(p + 1, NULL, 10);
}

static bool reads_back(const char *digits, int exponent, double number)
{
    char text[64];
    snprintf(text, sizeof text, "%c.%se%d", digits[0], digits + 1, exponent);
    return read_double(text) == fabs(number);
}

void json_format_double(struct buf *out, double number)
{
    if (!isfinite(number)) {
        buf_puts(out, "null");
        return;
    }
    if (number == 0) {
        buf_puts(out, signbit(number) ? "-0.0" : "0"); /* "-0" would be read as the integer */
        return;
    }
    /* A number in the normal range keeps any 15 digits; nearer to zero fewer may do. */
    char digits[20];
    int precision = fabs(number) < DBL_MIN ? 1 : 15;
    int exponent = take_apart(number, precision, digits);
    while (precision < 17 && !reads_back(digits, exponent, number))
        exponent = take_apart(number, ++precision, digits);
    int n = (int)strlen(digits);
    if (signbit(number))
        buf_putc(out, '-');
    if (exponent >= 17 || exponent < -5)
        buf_printf(out, "%c%s%se%d", digits[0], n > 1 ? "." : "", digits + 1, exponent);
    else if (exponent < 0)
        buf_printf(out, "0.%.*s%s", -exponent - 1, "00000", digits);
    else if (n > exponent + 1)
        buf_printf(out, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    else
        buf_printf(out, "%s%.*s", digits, exponent + 1 - n, "00000000000000000");
}
