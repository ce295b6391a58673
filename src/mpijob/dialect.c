/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up the table of dialects. */
#include "mpijob/dialect_rows.h"

/* Nothing is known of a dialect that has no row. */
static const char *const no_labels[] = {NULL};
static const struct mpijob_reader no_reader = {.name = "the controller", .pod_labels = no_labels};
static const struct mpijob_server kubernetes = {.strict = true};
static const struct mpijob_definition definition;
static const struct mpijob_dialect unknown = {.reader = &no_reader, .server = &kubernetes, .definition = &definition};

/* A kind that has no rows by version and controller has its fields in its own row, and nothing else is known of it. */
static const struct mpijob_reader plain_reader = {.name = "its controller", .pod_labels = no_labels};
const struct mpijob_dialect mpijob_dialect_plain = {
    .usual = true, .reader = &plain_reader, .server = &kubernetes, .definition = &definition};

const struct mpijob_dialect *mpijob_dialect_of(const struct mpijob_kind *kind, enum mpijob_version version,
                                               enum mpijob_controller controller)
{
    const struct mpijob_tables *t = mpijob_tables();
    kind = mpijob_kind_info(kind);
    if (kind->dialect)
        return kind->dialect;
    for (const struct mpijob_dialect *d = t->dialects; d < t->dialects + t->dialect_count; d++) {
        if (d->version == version && d->controller == controller && d->kind == kind)
            return d;
    }
    return &unknown;
}

const struct mpijob_dialect *mpijob_dialect(struct mpijob_target target)
{
    return mpijob_dialect_of(target.kind, target.version, target.controller);
}

bool mpijob_dialect_known(const struct mpijob_dialect *dialect)
{
    return dialect != &unknown;
}

enum mpijob_controller mpijob_controller_of(const struct mpijob_kind *kind, enum mpijob_version version)
{
    const struct mpijob_tables *t = mpijob_tables();
    kind = mpijob_kind_info(kind);
    for (const struct mpijob_dialect *d = t->dialects; d < t->dialects + t->dialect_count; d++) {
        if (d->kind == kind && d->version == version && d->usual)
            return d->controller;
    }
    return CONTROLLER_UNKNOWN;
}

bool mpijob_manager_is_own(struct json value, struct mpijob_target target)
{
    const char *own = mpijob_dialect(target)->reader->manager;
    return own && json_string_is(value, str_of(own));
}
