/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors: read, held against labels, written for a server. */
#include "mpijob/match/selector.h"

#include <errno.h>
#include <stdlib.h>

#include "mpijob/field.h"
#include "mpijob/match/selector_parts.h"
#include "mpijob/shown.h"

#define REQUIREMENTS_MAX 128 /* each is looked up in each job */
#define VALUES_MAX 1024

static void release(struct selector_requirement *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->values[i]);
    free(r->values);
    free(r->key);
    *r = (struct selector_requirement){0};
}

static void shrink(struct selector *s, size_t count)
{
    while (s->count > count)
        release(&s->items[--s->count]);
}

void selector_free(struct selector *s)
{
    shrink(s, 0);
    free(s->items);
    *s = (struct selector){0};
}

size_t selector_bytes(const struct selector *s)
{
    size_t bytes = s->cap * sizeof *s->items;
    for (size_t i = 0; i < s->count; i++) {
        bytes += strlen(s->items[i].key) + 1;
        for (size_t k = 0; k < s->items[i].count; k++)
            bytes += sizeof *s->items[i].values + strlen(s->items[i].values[k]) + 1;
    }
    return bytes;
}

/* *out is a new requirement at the end, owned by *s. */
static int grow(struct selector *s, struct str key, struct selector_requirement **out, struct error *err)
{
    if (s->count == REQUIREMENTS_MAX)
        return error_set(err, ERR_LIMIT, "more than %d conditions on labels", REQUIREMENTS_MAX);
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 4;
        struct selector_requirement *items = realloc(s->items, cap * sizeof *items);
        if (!items)
            return error_nomem(err);
        s->items = items;
        s->cap = cap;
    }
    char *copy = str_dup(key);
    if (!copy)
        return error_nomem(err);
    *out = &s->items[s->count++];
    **out = (struct selector_requirement){.key = copy};
    return 0;
}

static int add_value(struct selector_requirement *r, struct str value, struct error *err)
{
    int rc = mpijob_label_check(str_of(r->key), value, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < r->count; i++) {
        if (str_is(value, r->values[i]))
            return 0; /* a set: what is said twice counts, and is sent, once */
    }
    if (r->count == VALUES_MAX)
        return error_set(err, ERR_LIMIT, "more than %d values for the label %s", VALUES_MAX, r->key);
    char **values = realloc(r->values, (r->count + 1) * sizeof *values);
    if (!values)
        return error_nomem(err);
    r->values = values;
    values[r->count] = str_dup(value);
    if (!values[r->count])
        return error_nomem(err);
    r->count++;
    return 0;
}

/* ---- reading ---- */

struct reader {
    const char *text, *at;
    struct selector *out;
    struct error *err;
};

#define QUOTED(r) shown(str_of((r)->text), 200), (r)->text

static void skip_space(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')
        r->at++;
}

static bool ends_word(char c)
{
    return c == '\0' || strchr(" \t\r\n,()=!<>", c) != NULL;
}

static struct str word(struct reader *r)
{
    skip_space(r);
    const char *start = r->at;
    while (!ends_word(*r->at))
        r->at++;
    return str_n(start, (size_t)(r->at - start));
}

static int expected(const struct reader *r, const char *what)
{
    int column = (int)(r->at - r->text) + 1;
    if (!*r->at)
        return error_set(r->err, ERR_SYNTAX, "selector \"%.*s\": %s is expected at its end", QUOTED(r), what);
    return error_set(r->err, ERR_SYNTAX, "selector \"%.*s\": %s is expected at column %d, not \"%.*s\"", QUOTED(r),
                     what, column, shown(str_of(r->at), 20), r->at);
}

/* A refusal of a key or value is told with the selector that it stands in. */
static int within(const struct reader *r, int rc)
{
    return rc == ERR_INVALID ? error_prefix(r->err, "selector \"%.*s\"", QUOTED(r)) : rc;
}

static bool next_is(struct reader *r, char c)
{
    skip_space(r);
    return *r->at == c;
}

/* "(a, b)". Empty values are allowed, as at the API server: "()", "(,a)", "(a,)", "(a,,b)"; there "(a,,)" is not. */
static int read_list(struct reader *r, struct selector_requirement *out)
{
    int rc = 0;
    if (!next_is(r, '('))
        return expected(r, "'('");
    r->at++;
    if (next_is(r, ')') || next_is(r, ','))
        rc = add_value(out, str_of(""), r->err);
    while (!rc && !next_is(r, ')')) {
        struct str value = word(r);
        if (value.len) {
            rc = within(r, add_value(out, value, r->err));
            if (!rc && !next_is(r, ',') && !next_is(r, ')'))
                return expected(r, "',' or ')'");
            continue;
        }
        if (*r->at != ',')
            return expected(r, "',' or ')'");
        r->at++;
        bool again = next_is(r, ',');
        r->at += again;
        if (again && next_is(r, ')'))
            return expected(r, "a value");
        if (again || *r->at == ')')
            rc = add_value(out, str_of(""), r->err);
    }
    r->at += !rc;
    return rc;
}

/* A decimal integer that fits, and nothing else. */
static bool whole_number(struct str text, int64_t *number)
{
    char copy[64] = "", *end = copy; /* a label's value has no more than 63 characters */
    if (!text.len || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    errno = 0;
    *number = strtoll(copy, &end, 10);
    return end != copy && !*end && errno == 0;
}

static int read_number(struct reader *r, struct selector_requirement *out)
{
    struct str text = word(r);
    if (!whole_number(text, &out->number))
        return error_set(r->err, ERR_SYNTAX, "selector \"%.*s\": %s compares with an integer, not \"%.*s\"", QUOTED(r),
                         out->key, shown(text, 40), text.len ? text.ptr : "");
    return within(r, add_value(out, text, r->err));
}

static bool take(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(r->at, text, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* What follows a key. */
static int read_condition(struct reader *r, struct selector_requirement *out)
{
    skip_space(r);
    if (!*r->at || *r->at == ',') {
        out->test = SELECT_EXISTS;
        return 0;
    }
    if (take(r, "!=")) {
        out->test = SELECT_NOT_IN;
        return within(r, add_value(out, word(r), r->err));
    }
    if (take(r, "==") || take(r, "=")) {
        out->test = SELECT_IN;
        return within(r, add_value(out, word(r), r->err));
    }
    if (*r->at == '>' || *r->at == '<') {
        out->test = *r->at++ == '>' ? SELECT_GREATER : SELECT_LESS;
        return read_number(r, out);
    }
    const char *start = r->at;
    struct str name = word(r);
    bool in = str_is(name, "in");
    if (!in && !str_is(name, "notin")) {
        r->at = start;
        return expected(r, "'=', '!=', 'in', 'notin', '>', '<' or ','");
    }
    out->test = in ? SELECT_IN : SELECT_NOT_IN;
    return read_list(r, out);
}

static int read_requirement(struct reader *r)
{
    skip_space(r);
    bool absent = take(r, "!");
    skip_space(r);
    const char *start = r->at;
    struct str key = word(r);
    if (!key.len) {
        r->at = start;
        return expected(r, "a label's key");
    }
    int rc = within(r, mpijob_label_check(key, str_of(""), r->err));
    if (rc)
        return rc;
    struct selector_requirement *out;
    rc = grow(r->out, key, &out, r->err);
    if (rc)
        return rc;
    if (!absent)
        return read_condition(r, out);
    out->test = SELECT_ABSENT;
    return 0;
}

int selector_parse(struct selector *s, const char *text, struct error *err)
{
    struct reader r = {text, text, s, err};
    size_t before = s->count;
    skip_space(&r);
    if (!*r.at)
        return 0;
    for (;;) {
        int rc = read_requirement(&r);
        skip_space(&r);
        if (!rc && *r.at && *r.at != ',')
            rc = expected(&r, "','");
        if (rc) {
            shrink(s, before);
            return rc;
        }
        if (!*r.at)
            return 0;
        r.at++;
    }
}

int selector_equal(struct selector *s, struct str key, struct str value, struct error *err)
{
    int rc = mpijob_label_check(key, value, err);
    if (rc)
        return rc;
    size_t before = s->count;
    struct selector_requirement *r;
    rc = grow(s, key, &r, err);
    if (rc)
        return rc;
    r->test = SELECT_IN;
    rc = add_value(r, value, err);
    if (rc)
        shrink(s, before);
    return rc;
}

/* ---- matching and writing ---- */

static bool among(const struct selector_requirement *r, struct json value)
{
    for (size_t i = 0; i < r->count; i++) {
        if (json_string_is(value, str_of(r->values[i])))
            return true;
    }
    return false;
}

static bool compare(const struct selector_requirement *r, struct json value)
{
    int64_t number;
    if (json_type(value) != JSON_STRING || !whole_number(str_n(value.text.ptr + 1, value.text.len - 2), &number))
        return false;
    return r->test == SELECT_GREATER ? number > r->number : number < r->number;
}

static bool holds(const struct selector_requirement *r, struct json labels)
{
    struct json value = json_get(labels, r->key);
    switch (r->test) {
    case SELECT_IN:
        return json_exists(value) && among(r, value);
    case SELECT_NOT_IN:
        return !json_exists(value) || !among(r, value);
    case SELECT_EXISTS:
        return json_exists(value);
    case SELECT_ABSENT:
        return !json_exists(value);
    case SELECT_GREATER:
    case SELECT_LESS:
        return compare(r, value);
    }
    return false;
}

bool selector_match(const struct selector *s, struct json labels)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!holds(&s->items[i], labels))
            return false;
    }
    return true;
}

static void write_list(const struct selector_requirement *r, struct buf *out)
{
    buf_printf(out, "%s %s (", r->key, r->test == SELECT_IN ? "in" : "notin");
    for (size_t i = 0; i < r->count; i++)
        buf_printf(out, "%s%s", i ? "," : "", r->values[i]);
    buf_putc(out, ')');
}

void selector_write(const struct selector *s, struct buf *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct selector_requirement *r = &s->items[i];
        if (i)
            buf_putc(out, ',');
        if (r->test == SELECT_EXISTS || r->test == SELECT_ABSENT)
            buf_printf(out, "%s%s", r->test == SELECT_ABSENT ? "!" : "", r->key);
        else if (r->count != 1)
            write_list(r, out);
        else
            buf_printf(out, "%s%s%s", r->key,
                       r->test == SELECT_IN        ? "="
                       : r->test == SELECT_NOT_IN  ? "!="
                       : r->test == SELECT_GREATER ? ">"
                                                   : "<",
                       r->values[0]);
    }
}

bool selector_wants(const struct selector *s, size_t *i, struct mpijob_want *want)
{
    while (*i < s->count) {
        const struct selector_requirement *r = &s->items[(*i)++];
        if (r->test == SELECT_NOT_IN || r->test == SELECT_ABSENT)
            continue;
        bool values = r->test == SELECT_IN;
        *want = (struct mpijob_want){r->key, values ? (const char *const *)r->values : NULL, values ? r->count : 0};
        return true;
    }
    return false;
}

struct selector selector_at(const struct selector *s, size_t i)
{
    return (struct selector){&s->items[i], 1, 1};
}

const char *selector_key(const struct selector *s)
{
    return s->items->key;
}
