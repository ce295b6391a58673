/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting changes: each is checked when it is given, so that a mistake is reported where it was made. */
#include "mpijob/change/job_changes.h"

#include <stdio.h>
#include <stdlib.h>

#include "mpijob/change/change_item.h"
#include "mpijob/shown.h"
#include "time/duration.h"
#include "json/write.h"

/* The API server's limit on all annotations of an object together. */
#define ANNOTATION_MAX (256 * 1024)

const char *change_map_name(enum mpijob_map map)
{
    return map == CHANGE_LABELS ? "labels" : "annotations";
}

static void release(struct mpijob_change *c)
{
    free(c->key);
    free(c->value);
}

void mpijob_changes_free(struct mpijob_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        release(&changes->items[i]);
    free(changes->items);
    *changes = (struct mpijob_changes){0};
}

/* ---- copies: a policy's table is read once and used for many jobs at a time ---- */

static bool copy_item(const struct mpijob_change *from, struct mpijob_change *to)
{
    *to = *from;
    to->key = from->key ? str_dup(str_of(from->key)) : NULL;
    to->value = from->value ? str_dup(str_n(from->value, from->value_len)) : NULL;
    return (!from->key || to->key) && (!from->value || to->value);
}

static bool is_one_of(const struct mpijob_changes *changes, const struct mpijob_change *c, const char *const *fields)
{
    for (; fields && *fields && c->kind == CHANGE_FIELD; fields++) {
        if (strcmp(mpijob_kind_field_name(changes->kind, c->field), *fields) == 0)
            return true;
    }
    return false;
}

int mpijob_changes_copy(const struct mpijob_changes *changes, struct mpijob_changes *copy, struct error *err)
{
    return mpijob_changes_without(changes, NULL, copy, err);
}

int mpijob_changes_without(const struct mpijob_changes *changes, const char *const *fields, struct mpijob_changes *copy,
                           struct error *err)
{
    *copy = (struct mpijob_changes){.kind = changes->kind, .exactly = {changes->exactly[0], changes->exactly[1]}};
    if (!changes->count)
        return 0;
    copy->items = calloc(changes->count, sizeof *copy->items);
    bool good = copy->items != NULL;
    for (size_t i = 0; good && i < changes->count; i++) {
        if (is_one_of(changes, &changes->items[i], fields))
            continue;
        good = copy_item(&changes->items[i], &copy->items[copy->count]);
        copy->cap = ++copy->count;
    }
    if (good)
        return 0;
    mpijob_changes_free(copy);
    return error_nomem(err);
}

/* ---- collecting ---- */

static bool same_thing(const struct mpijob_change *a, const struct mpijob_change *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CHANGE_FIELD)
        return a->field == b->field && a->member == b->member;
    return a->map == b->map && strcmp(a->key, b->key) == 0;
}

/* The order of a diff does not depend on that of a Lua table: fields as the map has them, then labels, then
 * annotations. */
static bool stands_before(const struct mpijob_change *a, const struct mpijob_change *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->kind == CHANGE_FIELD)
        return a->field != b->field ? a->field < b->field : a->member < b->member;
    return a->map != b->map ? a->map < b->map : strcmp(a->key, b->key) < 0;
}

/* Takes over the strings of *c. It replaces an earlier change of the same thing. */
static int put(struct mpijob_changes *changes, struct mpijob_change *c, struct error *err)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (same_thing(&changes->items[i], c)) {
            release(&changes->items[i]);
            changes->items[i] = *c;
            return 0;
        }
    }
    if (changes->count == changes->cap) {
        size_t cap = changes->cap ? 2 * changes->cap : 8;
        struct mpijob_change *items = realloc(changes->items, cap * sizeof *items);
        if (!items) {
            release(c);
            return error_nomem(err);
        }
        changes->items = items;
        changes->cap = cap;
    }
    size_t at = changes->count++;
    for (; at > 0 && stands_before(c, &changes->items[at - 1]); at--)
        changes->items[at] = changes->items[at - 1];
    changes->items[at] = *c;
    return 0;
}

static void drop(struct mpijob_changes *changes, enum mpijob_field_id field, bool members)
{
    size_t kept = 0;
    for (size_t i = 0; i < changes->count; i++) {
        struct mpijob_change *c = &changes->items[i];
        if (c->kind == CHANGE_FIELD && c->field == field && (c->member >= 0) == members)
            release(c);
        else
            changes->items[kept++] = *c;
    }
    changes->count = kept;
}

/* Integers are written as integers, whatever they came as (Lua's 3600.0):
 * the controllers' decoders take no fraction. */
static int put_field(struct mpijob_changes *changes, enum mpijob_field_id field, int member, struct json value,
                     struct error *err)
{
    struct mpijob_change c = {.kind = CHANGE_FIELD, .field = field, .member = member};
    char digits[32];
    struct str text = value.text;
    int64_t number;
    if (json_type(value) == JSON_NUMBER && json_int64(value, &number))
        text = str_n(digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number));
    if (json_type(value) != JSON_NULL) {
        c.value = str_dup(text);
        c.value_len = text.len;
        if (!c.value)
            return error_nomem(err);
    }
    return put(changes, &c, err);
}

static int put_scheduling(struct mpijob_changes *changes, struct json value, struct error *err)
{
    if (json_type(value) == JSON_NULL) {
        drop(changes, FIELD_SCHEDULING_POLICY, true);
        return put_field(changes, FIELD_SCHEDULING_POLICY, -1, value, err);
    }
    drop(changes, FIELD_SCHEDULING_POLICY, false);
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        struct buf name = BUF_INIT;
        int rc = json_decode(it.key, &name) ? 0 : error_nomem(err);
        if (!rc)
            rc = put_field(changes, FIELD_SCHEDULING_POLICY, mpijob_scheduling_member(buf_str(&name)), it.value, err);
        buf_free(&name);
        if (rc)
            return rc;
    }
    return 0;
}

static int unknown_field(const struct mpijob_kind *kind, const char *name, struct error *err)
{
    const char *names[MPIJOB_FIELDS_MOST], *whose = mpijob_kind_described(kind) ? kind->singular : "job";
    char first[80], all[400] = ""; /* of "label.team", "label" is what was misspelt */
    snprintf(first, sizeof first, "%.*s", (int)strcspn(name, "."), name);
    mpijob_kind_field_names(kind, names);
    const char *nearest = str_nearest(first, names);
    if (nearest)
        return error_set(err, ERR_INVALID, "a %s has no field \"%.*s\" that can be replaced; did you mean %s?", whose,
                         shown(str_of(name), 80), name, nearest);
    for (size_t i = 0, len = 0; names[i] && len < sizeof all; i++, len = strlen(all))
        snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", names[i]);
    return error_set(err, ERR_INVALID, "a %s has no field \"%.*s\" that can be replaced; these can: %s", whose,
                     shown(str_of(name), 80), name, all);
}

/* "2h" as 7200; anything else as it is. */
static struct json in_seconds(struct json value, char out[32])
{
    char text[64];
    int64_t us;
    if (json_type(value) != JSON_STRING || json_string_at(value, "", text, sizeof text) ||
        duration_parse(text, &us, NULL) || us % 1000000)
        return value;
    return (struct json){str_n(out, (size_t)snprintf(out, 32, "%lld", (long long)(us / 1000000)))};
}

int mpijob_changes_set(struct mpijob_changes *changes, const char *field, struct str value, struct error *err)
{
    enum mpijob_field_id id;
    struct json json;
    if (!mpijob_field_find(changes->kind, str_of(field), &id)) {
        if (strcmp(field, "labels") == 0 || strcmp(field, "annotations") == 0)
            return error_set(err, ERR_INVALID, "%s are changed key by key, e.g. %s.team=vision", field, field);
        return unknown_field(changes->kind, field, err);
    }
    char seconds[32];
    int rc = json_parse(value, field, &json, err);
    const struct mpijob_field_row *row = mpijob_field_row(changes->kind, id);
    if (!rc && row && row->type == TYPE_DURATION)
        json = in_seconds(json, seconds);
    if (!rc)
        rc = mpijob_kind_field_check(changes->kind, id, json, err);
    if (rc)
        return rc;
    return id == FIELD_SCHEDULING_POLICY ? put_scheduling(changes, json, err) : put_field(changes, id, -1, json, err);
}

int mpijob_changes_map(struct mpijob_changes *changes, enum mpijob_map map, struct str key, const struct str *value,
                       struct error *err)
{
    struct str text = value ? *value : str_of("");
    int rc = map == CHANGE_LABELS ? mpijob_label_check(key, text, err) : mpijob_annotation_check(key, err);
    if (rc)
        return rc;
    if (text.len > ANNOTATION_MAX)
        return error_set(err, ERR_INVALID, "annotation %.*s: its value has %zu bytes, at most 262144 are allowed",
                         (int)key.len, key.ptr, text.len);
    struct mpijob_change c = {.kind = CHANGE_KEY, .map = map, .member = -1, .key = str_dup(key)};
    if (value) {
        c.value = str_dup(text);
        c.value_len = text.len;
    }
    if (!c.key || (value && !c.value)) {
        release(&c);
        return error_nomem(err);
    }
    return put(changes, &c, err);
}

void mpijob_changes_exactly(struct mpijob_changes *changes, enum mpijob_map map)
{
    changes->exactly[map] = true;
}

/* A word of the command line as JSON: numbers, true, false, null and objects as they are, anything else is a string. */
static int set_word(struct mpijob_changes *changes, const char *field, const char *word, struct error *err)
{
    enum mpijob_field_id id;
    struct json json;
    struct buf raw = BUF_INIT;
    int64_t us;
    if (!mpijob_field_find(changes->kind, str_of(field), &id))
        return mpijob_changes_set(changes, field, str_of("null"), err);
    bool text = id == FIELD_CLEAN_POD_POLICY || id == FIELD_MANAGED_BY;
    if (text || json_parse(str_of(word), field, &json, NULL))
        json_quote(&raw, str_of(word));
    else
        buf_puts(&raw, word);
    int rc = buf_result(&raw, field, err);
    if (!rc)
        rc = mpijob_changes_set(changes, field, buf_str(&raw), err);
    buf_free(&raw);
    bool seconds = id == FIELD_ACTIVE_DEADLINE_SECONDS || id == FIELD_TTL_SECONDS_AFTER_FINISHED;
    if (rc == ERR_INVALID && seconds && word[strspn(word, "0123456789")] && !duration_parse(word, &us, NULL) &&
        us % 1000000 == 0)
        return error_set(err, ERR_INVALID, "%s is a number of seconds, not \"%s\"; write %s=%lld", field, word, field,
                         (long long)(us / 1000000));
    return rc;
}

static int set_member(struct mpijob_changes *changes, const char *member, const char *word, struct error *err)
{
    struct json json;
    struct buf raw = BUF_INIT;
    int index = mpijob_scheduling_member(str_of(member));
    bool text = index == 1 || index == 3; /* queue, priorityClass */
    buf_putc(&raw, '{');
    json_quote(&raw, str_of(member));
    buf_putc(&raw, ':');
    if (!word)
        buf_puts(&raw, "null");
    else if (text || json_parse(str_of(word), member, &json, NULL))
        json_quote(&raw, str_of(word));
    else
        buf_puts(&raw, word);
    buf_putc(&raw, '}');
    int rc = buf_result(&raw, "schedulingPolicy", err);
    if (!rc)
        rc = mpijob_changes_set(changes, "schedulingPolicy", buf_str(&raw), err);
    buf_free(&raw);
    return rc;
}

/* name: what stands before "=" or the final "-"; word: NULL to remove. */
static int parse_pair(struct mpijob_changes *changes, const char *name, const char *word, struct error *err)
{
    struct str value = str_of(word), all = str_of(name);
    const struct str *given = word ? &value : NULL;
    if (str_starts(all, "labels."))
        return mpijob_changes_map(changes, CHANGE_LABELS, str_of(name + strlen("labels.")), given, err);
    if (str_starts(all, "annotations."))
        return mpijob_changes_map(changes, CHANGE_ANNOTATIONS, str_of(name + strlen("annotations.")), given, err);
    if (str_starts(all, "schedulingPolicy."))
        return set_member(changes, name + strlen("schedulingPolicy."), word, err);
    return word ? set_word(changes, name, word, err) : mpijob_changes_set(changes, name, str_of("null"), err);
}

int mpijob_changes_parse(struct mpijob_changes *changes, const char *argument, struct error *err)
{
    const char *equals = strchr(argument, '=');
    size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
    bool removal = !equals && len > 1 && argument[len - 1] == '-';
    if (!equals && !removal)
        return error_set(err, ERR_INVALID,
                         "\"%.*s\" is no change: write FIELD=VALUE, or FIELD- to remove it (cleanPodPolicy=All, "
                         "labels.team=vision, labels.team-)",
                         shown(str_of(argument), 80), argument);
    char *name = str_dup(str_n(argument, removal ? len - 1 : len));
    if (!name)
        return error_nomem(err);
    int rc = parse_pair(changes, name, equals ? equals + 1 : NULL, err);
    free(name);
    return rc;
}
