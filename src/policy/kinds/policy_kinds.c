/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the kind of an object among those of a policy, and says which of them lack a field. */
#include "policy/kinds/policy_kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpijob/field.h"
#include "mpijob/kinds_added.h"

int policy_kinds_add(struct policy_kinds *kinds, const struct mpijob_kind *kind, struct error *err)
{
    if (policy_kinds_find(kinds, kind))
        return error_set(err, ERR_INVALID, "has %s twice", mpijob_kind_info(kind)->name);
    struct policy_kind *of = realloc(kinds->of, (kinds->count + 1) * sizeof *of);
    if (!of)
        return error_nomem(err);
    kinds->of = of;
    of[kinds->count++] = (struct policy_kind){.kind = kind, .changes.kind = kind};
    mpijob_kind_hold(kind);
    return 0;
}

void policy_kinds_free(struct policy_kinds *kinds)
{
    for (size_t i = 0; i < kinds->count; i++) {
        mpijob_changes_free(&kinds->of[i].changes);
        mpijob_kind_release(kinds->of[i].kind);
    }
    free(kinds->of);
    *kinds = (struct policy_kinds){0};
}

const struct policy_kind *policy_kinds_find(const struct policy_kinds *kinds, const struct mpijob_kind *kind)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if (kinds->of[i].kind == mpijob_kind_info(kind))
            return &kinds->of[i];
    }
    return NULL;
}

/* "batch/v1" is of the group "batch", "v1" of none. */
static bool is_of(const struct mpijob_kind *kind, struct json name, struct str api_version)
{
    const char *slash = memchr(api_version.ptr, '/', api_version.len);
    struct str group = str_n(api_version.ptr, slash ? (size_t)(slash - api_version.ptr) : 0);
    return json_string_is(name, str_of(kind->name)) && str_is(group, kind->group);
}

const struct mpijob_kind *policy_kinds_of(const struct policy_kinds *kinds, struct json object)
{
    struct json version = json_get(object, "apiVersion"), name = json_get(object, "kind");
    bool known = kinds->count > 1 && json_type(version) == JSON_STRING;
    for (size_t i = 0; known && i < kinds->count; i++) {
        if (is_of(kinds->of[i].kind, name, str_n(version.text.ptr + 1, version.text.len - 2)))
            return kinds->of[i].kind;
    }
    return kinds->of[0].kind;
}

const struct mpijob_kind *policy_kinds_of_text(const struct policy_kinds *kinds, struct str object)
{
    struct json root;
    if (kinds->count == 1 || json_parse(object, "the job", &root, NULL))
        return kinds->of[0].kind;
    return policy_kinds_of(kinds, root);
}

void policy_kinds_names(const struct policy_kinds *kinds,
                        bool (*which)(const struct mpijob_kind *kind, const void *data), const void *data,
                        struct buf *out)
{
    size_t wanted = 0, told = 0;
    for (size_t i = 0; i < kinds->count; i++)
        wanted += !which || which(kinds->of[i].kind, data);
    for (size_t i = 0; i < kinds->count; i++) {
        const struct mpijob_kind *kind = kinds->of[i].kind;
        if (which && !which(kind, data))
            continue;
        buf_printf(out, "%s%ss", !told ? "" : told + 1 == wanted ? " and " : ", ", kind->name);
        told++;
    }
}

uint64_t policy_kinds_bits(const struct policy_kinds *kinds)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < kinds->count; i++)
        bits |= UINT64_C(1) << mpijob_kind_index(kinds->of[i].kind);
    return bits;
}

const char *policy_kinds_job(const struct policy_kinds *kinds, const struct mpijob_kind *kind, const char *job,
                             char out[POLICY_KINDS_JOB])
{
    if (kinds->count == 1 || !policy_kinds_have(kinds, kind))
        return job;
    snprintf(out, POLICY_KINDS_JOB, "%s/%s", mpijob_kind_info(kind)->singular, job);
    return out;
}

bool policy_kinds_field(const struct mpijob_kind *kind, const char *field)
{
    enum mpijob_field_id id;
    if (strcmp(field, "labels") == 0 || strcmp(field, "annotations") == 0)
        return true;
    if (!mpijob_field_find(kind, str_of(field), &id))
        return false;
    const struct mpijob_field_row *row = mpijob_field_row(kind, id);
    return !row || (!row->absent && row->when != WHEN_NEVER);
}
