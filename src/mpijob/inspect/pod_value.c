/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars as Go's decoder and the types of apimachinery read them. tests/apiserver/decode holds this against both. */
#include "mpijob/inspect/pod_value.h"

#include "mpijob/quantity.h"

/* An int of Go takes neither "3.0" nor "1e3", though they are whole numbers. */
static bool is_int(struct json value, int64_t least, int64_t most)
{
    int64_t n;
    return json_type(value) == JSON_NUMBER && json_is_integer_text(value) && json_int64(value, &n) && n >= least &&
           n <= most;
}

/* ---- metav1.Time: Go's time.Parse with the layout of RFC 3339, which takes somewhat more than that ---- */

static bool is_digit(struct str s, size_t i)
{
    return i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9';
}

static bool take(struct str *s, const char *literal)
{
    size_t len = strlen(literal);
    if (!str_starts(*s, literal))
        return false;
    *s = str_n(s->ptr + len, s->len - len);
    return true;
}

/* `digits` digits, at least `least` of them. */
static bool take_number(struct str *s, size_t least, size_t digits, int from, int to, int *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < digits && is_digit(*s, n); n++)
        *out = *out * 10 + (s->ptr[n] - '0');
    *s = str_n(s->ptr + n, s->len - n);
    return n >= least && *out >= from && *out <= to;
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct str *s)
{
    int year, month, day;
    return take_number(s, 4, 4, 0, 9999, &year) && take(s, "-") && take_number(s, 2, 2, 1, 12, &month) &&
           take(s, "-") && take_number(s, 2, 2, 1, days_in(month, year), &day);
}

static bool take_clock(struct str *s)
{
    int n;
    if (!take_number(s, 1, 2, 0, 23, &n) || !take(s, ":") || !take_number(s, 2, 2, 0, 59, &n) || !take(s, ":") ||
        !take_number(s, 2, 2, 0, 59, &n))
        return false;
    if (s->len >= 2 && (*s->ptr == '.' || *s->ptr == ',') && is_digit(*s, 1)) {
        size_t digits = 1;
        while (is_digit(*s, digits))
            digits++;
        *s = str_n(s->ptr + digits, s->len - digits);
    }
    return true;
}

static bool take_zone(struct str *s)
{
    int n;
    if (take(s, "Z"))
        return true;
    return (take(s, "+") || take(s, "-")) && take_number(s, 2, 2, 0, 24, &n) && take(s, ":") &&
           take_number(s, 2, 2, 0, 60, &n);
}

static bool is_time(struct json value, int *err)
{
    struct buf text = BUF_INIT;
    if (json_type(value) != JSON_STRING)
        return false;
    json_decode(value, &text);
    struct str s = buf_str(&text);
    bool fits = text.failed || (take_date(&s) && take(&s, "T") && take_clock(&s) && take_zone(&s) && !s.len);
    if (text.failed)
        *err = ERR_NOMEM;
    buf_free(&text);
    return fits;
}

/* ---- all of them ---- */

bool pod_value_fits(struct json value, enum pod_kind kind, int *err)
{
    int64_t amount;
    if (json_type(value) == JSON_NULL)
        return true;
    switch (kind) {
    case POD_TEXT:
        return json_type(value) == JSON_STRING;
    case POD_BOOL:
        return json_type(value) == JSON_BOOL;
    case POD_INT32:
        return is_int(value, INT32_MIN, INT32_MAX);
    case POD_INT64:
        return is_int(value, INT64_MIN, INT64_MAX);
    case POD_QUANTITY:
        return quantity_of(value, &amount);
    case POD_INT_OR_TEXT:
        return json_type(value) == JSON_STRING || is_int(value, INT32_MIN, INT32_MAX);
    case POD_TIME:
        return is_time(value, err);
    case POD_ANYTHING:
    case POD_OBJECT:
        break;
    }
    return true;
}
