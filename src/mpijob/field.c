/* SPDX-License-Identifier: Apache-2.0 */
/* The replaceable fields by name, and their values as an object has them. */
#include "mpijob/field.h"

#include "mpijob/dialect.h"

/* clang-format off */
static const char *const names[] = {
    [FIELD_CLEAN_POD_POLICY] = "cleanPodPolicy",
    [FIELD_ACTIVE_DEADLINE_SECONDS] = "activeDeadlineSeconds",
    [FIELD_BACKOFF_LIMIT] = "backoffLimit",
    [FIELD_TTL_SECONDS_AFTER_FINISHED] = "ttlSecondsAfterFinished",
    [FIELD_SUSPEND] = "suspend",
    [FIELD_MANAGED_BY] = "managedBy",
    [FIELD_SCHEDULING_POLICY] = "schedulingPolicy",
    "labels", "annotations", NULL,
};
/* clang-format on */

const char *mpijob_field_name(enum mpijob_field_id field)
{
    return names[field];
}

const char *const *mpijob_field_names(void)
{
    return names;
}

const struct mpijob_field_row *mpijob_field_row(const struct mpijob_kind *kind, enum mpijob_field_id field)
{
    bool own = kind && field >= FIELD_OWN && (size_t)(field - FIELD_OWN) < kind->field_count;
    return own ? &kind->fields[field - FIELD_OWN] : NULL;
}

const char *mpijob_kind_field_name(const struct mpijob_kind *kind, enum mpijob_field_id field)
{
    const struct mpijob_field_row *row = mpijob_field_row(kind, field);
    return row ? row->name : names[field];
}

void mpijob_kind_field_names(const struct mpijob_kind *kind, const char *out[MPIJOB_FIELDS_MOST])
{
    size_t n = 0;
    for (; kind && n < kind->field_count && n < MPIJOB_FIELDS_MOST - 3; n++)
        out[n] = kind->fields[n].name;
    for (const char *const *name = kind && kind->fields ? names + FIELD_COUNT : names; *name; name++)
        out[n++] = *name;
    out[n] = NULL;
}

bool mpijob_field_find(const struct mpijob_kind *kind, struct str name, enum mpijob_field_id *field)
{
    for (size_t i = 0; kind && i < kind->field_count; i++) {
        if (str_is(name, kind->fields[i].name)) {
            *field = (enum mpijob_field_id)(FIELD_OWN + i);
            return true;
        }
    }
    if (kind && kind->fields)
        return false;
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (str_is(name, names[i])) {
            *field = (enum mpijob_field_id)i;
            return true;
        }
    }
    return false;
}

const struct mpijob_place *mpijob_field_place(enum mpijob_field_id field, struct mpijob_target target)
{
    const struct mpijob_field_row *row = mpijob_field_row(target.kind, field);
    return row ? &row->places[target.version] : &mpijob_dialect(target)->reader->places[field];
}

struct json mpijob_value_at(struct json object, const char *pointer)
{
    struct json value = pointer ? json_at(object, pointer) : (struct json){0};
    return json_type(value) == JSON_NULL ? (struct json){0} : value;
}

struct json mpijob_field_value(struct json object, enum mpijob_field_id field, struct mpijob_target target)
{
    const struct mpijob_place *place = mpijob_field_place(field, target);
    const char *const order[] = {place->overrides, place->pointer, place->also};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct json value = mpijob_value_at(object, order[i]);
        if (json_exists(value))
            return value;
    }
    return (struct json){0};
}
