/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of kinds made at run time: read from JSON, found again, held and let go. */
#include "mpijob/kinds_added.h"

#include <stdint.h>
#include <stdlib.h>
#include <utlist.h>

#include "mpijob/dialect.h"
#include "mpijob/view.h"

struct mpijob_kind_row {
    struct mpijob_kind kind; /* first: a pointer to it is one to the row */
    struct mpijob_kinds *of; /* NULL: closed */
    unsigned holders, knowers;
    struct json from; /* what it was made from */
    void **blocks;    /* everything that it owns */
    size_t block_count, block_cap;
    struct mpijob_kind_row *prev, *next;
};

static struct mpijob_kind_row *row_of(const struct mpijob_kind *kind)
{
    return mpijob_kind_added(kind) ? (struct mpijob_kind_row *)(uintptr_t)kind : NULL;
}

/* ---- memory ---- */

static void free_row(struct mpijob_kind_row *row)
{
    for (size_t i = 0; i < row->block_count; i++)
        free(row->blocks[i]);
    free(row->blocks);
    free(row);
}

/* The block becomes the row's; NULL: out of memory. */
static void *own(struct mpijob_kind_row *row, void *block)
{
    if (block && row->block_count == row->block_cap) {
        size_t cap = row->block_cap ? 2 * row->block_cap : 32;
        void **blocks = realloc(row->blocks, cap * sizeof *blocks);
        if (!blocks) {
            free(block);
            return NULL;
        }
        row->blocks = blocks;
        row->block_cap = cap;
    }
    if (block)
        row->blocks[row->block_count++] = block;
    return block;
}

static void *zeroes(struct mpijob_kind_row *row, size_t count, size_t size)
{
    return own(row, calloc(count + 1, size));
}

/* ---- reading ---- */

struct making {
    struct mpijob_kind_row *row;
    struct error *err;
};

static int bad(const struct making *m, const char *what)
{
    return error_set(m->err, ERR_INVALID, "the row of a kind has no good %s", what);
}

/* A string's text. required: without it the row is bad. */
static int take_text(const struct making *m, struct json from, const char *key, bool required, const char **out)
{
    struct json value = json_get(from, key);
    struct buf text = BUF_INIT;
    if (json_type(value) != JSON_STRING)
        return required ? bad(m, key) : 0;
    buf_puts(&text, "");
    if (!json_decode(value, &text)) {
        buf_free(&text);
        return error_nomem(m->err);
    }
    *out = own(m->row, str_dup(text.len ? buf_str(&text) : str_of("")));
    buf_free(&text);
    return *out ? 0 : error_nomem(m->err);
}

static int take_raw(const struct making *m, struct json value, const char **out)
{
    *out = own(m->row, str_dup(value.text));
    return *out ? 0 : error_nomem(m->err);
}

static int take_versions(const struct making *m, struct json list)
{
    size_t n = json_count(list), i = 0;
    const char **names = zeroes(m->row, n, sizeof *names);
    int rc = names ? 0 : error_nomem(m->err);
    if (json_type(list) != JSON_ARRAY || !n)
        return bad(m, "versions");
    for (struct json_iter it = json_iter(list); !rc && json_next(&it); i++) {
        struct buf text = BUF_INIT;
        if (json_type(it.value) != JSON_STRING || !json_decode(it.value, &text) || !text.len)
            rc = bad(m, "versions");
        else if (!(names[i] = own(m->row, str_dup(buf_str(&text)))))
            rc = error_nomem(m->err);
        buf_free(&text);
    }
    m->row->kind.versions = names;
    return rc;
}

static int take_phases(const struct making *m, struct json list)
{
    size_t i = 0;
    if (json_type(list) != JSON_ARRAY)
        return 0;
    struct mpijob_phase_row *rows = zeroes(m->row, json_count(list), sizeof *rows);
    int rc = rows ? 0 : error_nomem(m->err);
    for (struct json_iter it = json_iter(list); !rc && json_next(&it); i++) {
        enum mpijob_phase phase;
        char name[32];
        if (json_string_at(it.value, "/phase", name, sizeof name) || !mpijob_phase_parse(str_of(name), &phase))
            return bad(m, "phases");
        rows[i].phase = (int)phase;
        rc = take_text(m, it.value, "where", true, &rows[i].where);
    }
    m->row->kind.phases = rows;
    m->row->kind.phased = true;
    return rc;
}

static int take_places(const struct making *m, struct json at, struct mpijob_field_row *field)
{
    const char *const *versions = m->row->kind.versions;
    size_t n = 0;
    while (versions[n])
        n++;
    struct mpijob_place *places = zeroes(m->row, n, sizeof *places);
    int rc = places ? 0 : error_nomem(m->err);
    struct buf wrap = BUF_INIT;
    for (size_t i = 0; i < n && !rc; i++) {
        struct json one = json_type(at) == JSON_OBJECT ? json_get(at, versions[i]) : at;
        if (json_type(one) != JSON_STRING)
            continue;
        buf_reset(&wrap);
        if (!json_decode(one, &wrap) || !wrap.len || wrap.ptr[0] != '/')
            rc = bad(m, "at");
        else if (!(places[i].pointer = own(m->row, str_dup(buf_str(&wrap)))))
            rc = error_nomem(m->err);
        places[i].has = places[i].replaceable = true;
    }
    buf_free(&wrap);
    field->places = places;
    return rc;
}

/* Which of the names a member's text is; the first one where it is left out. -1: none of them. */
static int which(struct json from, const char *pointer, const char *(*name)(int), int count)
{
    char text[32];
    if (!json_exists(json_at(from, pointer)))
        return 0;
    for (int i = 0; i < count && !json_string_at(from, pointer, text, sizeof text); i++) {
        if (strcmp(text, name(i)) == 0)
            return i;
    }
    return -1;
}

static const char *type_name(int type)
{
    return mpijob_type_name((enum mpijob_type)type);
}

static const char *when_name(int when)
{
    return mpijob_when_name((enum mpijob_when)when);
}

static int take_values(const struct making *m, struct json list, struct mpijob_field_row *field)
{
    size_t i = 0;
    if (json_type(list) != JSON_ARRAY)
        return 0;
    const char **values = zeroes(m->row, json_count(list), sizeof *values);
    int rc = values ? 0 : error_nomem(m->err);
    for (struct json_iter it = json_iter(list); !rc && json_next(&it); i++)
        rc = take_raw(m, it.value, &values[i]);
    field->values = values;
    return rc;
}

static int take_effects(const struct making *m, struct json list, struct mpijob_field_row *field)
{
    size_t i = 0;
    if (json_type(list) != JSON_ARRAY)
        return 0;
    struct mpijob_field_effect *effects = zeroes(m->row, json_count(list), sizeof *effects);
    int rc = effects ? 0 : error_nomem(m->err);
    for (struct json_iter it = json_iter(list); !rc && json_next(&it); i++) {
        struct json value = json_get(it.value, "value");
        if (json_exists(value))
            rc = take_raw(m, value, &effects[i].value);
        if (!rc)
            rc = take_text(m, it.value, "effect", true, &effects[i].effect);
    }
    field->effects = effects;
    return rc;
}

static int take_field(const struct making *m, struct json from, struct mpijob_field_row *field)
{
    int type = which(from, "/type", type_name, MPIJOB_TYPES), when = which(from, "/when", when_name, MPIJOB_WHENS);
    if (type < 0 || when < 0)
        return bad(m, type < 0 ? "type" : "when");
    field->type = (enum mpijob_type)type;
    field->when = (enum mpijob_when)when;
    field->required = json_is_true(json_get(from, "required"));
    field->has_least =
        json_type(json_get(from, "least")) == JSON_NUMBER && json_double(json_get(from, "least"), &field->least);
    field->has_most =
        json_type(json_get(from, "most")) == JSON_NUMBER && json_double(json_get(from, "most"), &field->most);
    int rc = take_text(m, from, "name", true, &field->name);
    if (!rc)
        rc = take_places(m, json_get(from, "at"), field);
    if (!rc)
        rc = take_values(m, json_get(from, "values"), field);
    if (!rc)
        rc = take_effects(m, json_get(from, "effects"), field);
    if (!rc)
        rc = take_text(m, from, "why", false, &field->why);
    return rc ? rc : take_text(m, from, "asks", false, &field->asks);
}

static int take_fields(const struct making *m, struct json list)
{
    size_t n = json_count(list), i = 0;
    struct mpijob_field_row *fields = zeroes(m->row, n, sizeof *fields);
    int rc = fields ? 0 : error_nomem(m->err);
    if (n > MPIJOB_FIELDS_MOST - 3)
        return bad(m, "number of fields");
    for (struct json_iter it = json_iter(list); !rc && json_next(&it); i++)
        rc = take_field(m, it.value, &fields[i]);
    m->row->kind.fields = fields;
    m->row->kind.field_count = n;
    return rc;
}

static int take_names(const struct making *m, struct json from, const char *by)
{
    struct mpijob_kind *k = &m->row->kind;
    struct buf definition = BUF_INIT;
    int rc = take_text(m, from, "name", true, &k->singular);
    if (!rc)
        rc = take_text(m, from, "kind", true, &k->name);
    if (!rc)
        rc = take_text(m, from, "group", true, &k->group);
    if (!rc)
        rc = take_text(m, from, "plural", true, &k->plural);
    if (rc)
        return rc;
    k->article = strchr("AEIO", *k->name) ? "an" : "a";
    k->by = own(m->row, str_dup(str_of(by)));
    buf_printf(&definition, "%s%s%s", k->plural, *k->group ? "." : "", k->group);
    k->definition = definition.failed ? NULL : own(m->row, str_dup(buf_str(&definition)));
    buf_free(&definition);
    return k->by && k->definition ? 0 : error_nomem(m->err);
}

/* ---- the rows ---- */

static int free_index(const struct mpijob_kinds *kinds, size_t *index, struct error *err)
{
    const struct mpijob_kind_row *row;
    for (size_t i = MPIJOB_KINDS_BUILT_IN; i < MPIJOB_KINDS_MOST; i++) {
        DL_SEARCH_SCALAR(kinds->rows, row, kind.index, i);
        if (row)
            continue;
        *index = i;
        return 0;
    }
    return error_set(err, ERR_LIMIT, "policies use more than %d kinds of plugins at a time; use fewer",
                     MPIJOB_KINDS_MOST - MPIJOB_KINDS_BUILT_IN);
}

static int make(struct mpijob_kinds *kinds, struct mpijob_kind_row *row, struct json from, const char *by,
                struct error *err)
{
    struct making m = {row, err};
    const char *text;
    row->kind.dialect = &mpijob_dialect_plain;
    int rc = take_raw(&m, from, &text);
    row->from.text = str_n(text, rc ? 0 : from.text.len);
    if (!rc)
        rc = free_index(kinds, &row->kind.index, err);
    if (!rc)
        rc = take_names(&m, from, by);
    if (!rc)
        rc = take_versions(&m, json_get(from, "versions"));
    if (!rc)
        rc = take_phases(&m, json_get(from, "phases"));
    return rc ? rc : take_fields(&m, json_get(from, "fields"));
}

int mpijob_kinds_take(struct mpijob_kinds *kinds, struct json from, const char *by, const struct mpijob_kind **kind,
                      struct error *err)
{
    struct mpijob_kind_row *row;
    DL_FOREACH(kinds->rows, row)
    {
        if (strcmp(row->kind.by, by) == 0 && json_equal(row->from, from))
            break;
    }
    if (!row) {
        row = calloc(1, sizeof *row);
        int rc = row ? make(kinds, row, from, by, err) : error_nomem(err);
        if (rc) {
            if (row)
                free_row(row);
            return rc;
        }
        row->of = kinds;
        DL_APPEND(kinds->rows, row);
    }
    row->holders++;
    *kind = &row->kind;
    return 0;
}

void mpijob_kinds_close(struct mpijob_kinds *kinds)
{
    struct mpijob_kind_row *row, *next;
    DL_FOREACH_SAFE(kinds->rows, row, next)
    {
        DL_DELETE(kinds->rows, row);
        row->of = NULL;
    }
}

void mpijob_kind_hold(const struct mpijob_kind *kind)
{
    struct mpijob_kind_row *row = row_of(kind);
    if (row)
        row->holders++;
}

static void free_unused(struct mpijob_kind_row *row)
{
    if (row->holders || row->knowers)
        return;
    if (row->of)
        DL_DELETE(row->of->rows, row);
    free_row(row);
}

void mpijob_kind_release(const struct mpijob_kind *kind)
{
    struct mpijob_kind_row *row = row_of(kind);
    if (!row)
        return;
    row->holders--;
    free_unused(row);
}

void mpijob_kind_remember(const struct mpijob_kind *kind)
{
    struct mpijob_kind_row *row = row_of(kind);
    if (row)
        row->knowers++;
}

void mpijob_kind_forget(const struct mpijob_kind *kind)
{
    struct mpijob_kind_row *row = row_of(kind);
    if (!row)
        return;
    row->knowers--;
    free_unused(row);
}

bool mpijob_kind_held(const struct mpijob_kind *kind)
{
    const struct mpijob_kind_row *row = row_of(kind);
    return !row || row->holders;
}
