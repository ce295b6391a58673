/* SPDX-License-Identifier: Apache-2.0 */
/* The own fields of a kind: their values checked by the row, and whether they may be written. */
#include <ctype.h>
#include <stdio.h>

#include "mpijob/field.h"
#include "mpijob/shown.h"

#define SHOWN 60
#define WORDS 200

static const char *const type_names[MPIJOB_TYPES] = {"string",   "number", "integer", "boolean",
                                                     "duration", "list",   "table"};
static const char *const when_names[MPIJOB_WHENS] = {"always", "once", "suspended", "never"};

const char *mpijob_type_name(enum mpijob_type type)
{
    return type_names[type];
}

const char *mpijob_when_name(enum mpijob_when when)
{
    return when_names[when];
}

static bool all_strings(struct json list)
{
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (json_type(it.value) != JSON_STRING)
            return false;
    }
    return true;
}

static bool of_type(enum mpijob_type type, struct json value)
{
    enum json_type is = json_type(value);
    int64_t whole;
    switch (type) {
    case TYPE_STRING:
        return is == JSON_STRING;
    case TYPE_NUMBER:
        return is == JSON_NUMBER;
    case TYPE_INTEGER:
        return is == JSON_NUMBER && json_int64(value, &whole);
    case TYPE_DURATION:
        return is == JSON_NUMBER && json_int64(value, &whole) && whole >= 0;
    case TYPE_BOOLEAN:
        return is == JSON_BOOL;
    case TYPE_LIST:
        return (is == JSON_ARRAY && all_strings(value)) || (is == JSON_OBJECT && !json_count(value));
    case TYPE_TABLE:
        break;
    }
    return is == JSON_OBJECT || is == JSON_ARRAY;
}

/* What is in a Secret is in no message. */
static struct json told(const struct mpijob_kind *kind, struct json value)
{
    return *kind->group || strcmp(kind->plural, "secrets") != 0 ? value : (struct json){str_of("(hidden)")};
}

static int wrong_type(const struct mpijob_field_row *row, struct json value, struct error *err)
{
    static const char *const words[MPIJOB_TYPES] = {"a string",
                                                    "a number",
                                                    "a whole number",
                                                    "true or false",
                                                    "a duration such as \"2h\", or a whole number of seconds",
                                                    "a list of strings",
                                                    "a table"};
    return error_set(err, ERR_INVALID, "%s must be %s, not %.*s", row->name, words[row->type], shown(value.text, SHOWN),
                     value.text.ptr);
}

static int not_among(const struct mpijob_field_row *row, struct json value, struct error *err)
{
    char all[WORDS] = "";
    for (size_t i = 0, len = 0; row->values[i] && len + 1 < sizeof all; i++, len = strlen(all))
        snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", row->values[i]);
    return error_set(err, ERR_INVALID, "%s must be one of %s, not %.*s", row->name, all, shown(value.text, SHOWN),
                     value.text.ptr);
}

static int check_range(const struct mpijob_kind *kind, const struct mpijob_field_row *row, struct json value,
                       struct error *err)
{
    double number;
    if (json_type(value) != JSON_NUMBER || !json_double(value, &number))
        return 0;
    if ((!row->has_least || number >= row->least) && (!row->has_most || number <= row->most))
        return 0;
    value = told(kind, value);
    if (row->has_least && row->has_most)
        return error_set(err, ERR_INVALID, "%s must be from %.15g to %.15g, not %.*s", row->name, row->least, row->most,
                         shown(value.text, SHOWN), value.text.ptr);
    return error_set(err, ERR_INVALID, "%s must be at %s %.15g, not %.*s", row->name, row->has_least ? "least" : "most",
                     row->has_least ? row->least : row->most, shown(value.text, SHOWN), value.text.ptr);
}

static int check(const struct mpijob_kind *kind, const struct mpijob_field_row *row, struct json value,
                 struct error *err)
{
    bool removal = json_type(value) == JSON_NULL;
    if (row->asks)
        return error_set(err, ERR_INVALID,
                         "%s cannot be replaced by a policy's `replace`: its `%s` is a function, which %s asks in "
                         "%s.replace only; replace it in a `run` function, or write there what `%s` may be as a text",
                         row->name, row->asks, kind->by ? kind->by : "its owner", kind->singular, row->asks);
    if (row->when == WHEN_NEVER)
        return kind->by ? error_set(err, ERR_INVALID, "%s is never to be replaced, as %s says", row->name, kind->by)
                        : error_set(err, ERR_INVALID,
                                    "%s is never to be replaced: the API server holds it fixed once the %s exists; "
                                    "only a new one can have another",
                                    row->name, kind->name);
    if (removal && row->required)
        return error_set(err, ERR_INVALID, "%s cannot be removed", row->name);
    if (removal)
        return 0;
    if (!of_type(row->type, value))
        return wrong_type(row, told(kind, value), err);
    bool among = !row->values;
    for (size_t i = 0; !among && row->values[i]; i++)
        among = json_equal(value, (struct json){str_of(row->values[i])});
    return among ? check_range(kind, row, value, err) : not_among(row, told(kind, value), err);
}

int mpijob_kind_field_check(const struct mpijob_kind *kind, enum mpijob_field_id field, struct json value,
                            struct error *err)
{
    const struct mpijob_field_row *row = mpijob_field_row(kind, field);
    return row ? check(kind, row, value, err) : mpijob_field_check(field, value, err);
}

const char *mpijob_field_held(const struct mpijob_field_row *row, struct json value, bool suspended)
{
    if (row->when == WHEN_ONCE && json_exists(value))
        return "it may be set once, and has a value";
    if (row->when == WHEN_SUSPENDED && !suspended)
        return "only while the job is suspended";
    return row->when == WHEN_NEVER ? "it is never to be replaced" : NULL;
}
