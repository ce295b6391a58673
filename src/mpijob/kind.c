/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up kinds by their names, and the versions that there are of each. */
#include "mpijob/kind.h"

#include <stdio.h>
#include <strings.h>

#include "mpijob/dialect_rows.h"

const struct mpijob_kind *mpijob_kind_info(const struct mpijob_kind *kind)
{
    return kind ? kind : KIND_MPIJOB;
}

const struct mpijob_kind *mpijob_kind_at(size_t index)
{
    return mpijob_tables()->kinds[index];
}

bool mpijob_kind_parse(struct str text, const struct mpijob_kind **kind)
{
    const struct mpijob_tables *t = mpijob_tables();
    for (size_t i = 0; i < t->kind_count; i++) {
        if (str_is(text, t->kinds[i]->name)) {
            *kind = t->kinds[i];
            return true;
        }
    }
    return false;
}

static bool same(struct str text, const char *word)
{
    return word && text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

static struct str without_group(struct str text, const char *group)
{
    size_t len = strlen(group);
    if (len && text.len > len && str_ends(text, group) && text.ptr[text.len - len - 1] == '.')
        text.len -= len + 1;
    return text;
}

bool mpijob_kind_find(struct str text, const struct mpijob_kind **kind)
{
    const struct mpijob_tables *t = mpijob_tables();
    for (size_t i = 0; i < t->kind_count; i++) {
        const struct mpijob_kind *k = t->kinds[i];
        struct str name = without_group(text, k->group);
        struct str one = str_ends(name, "s") ? str_n(name.ptr, name.len - 1) : name; /* "batchjobs", beside "jobs" */
        if (same(name, k->name) || same(name, k->plural) || same(name, k->short_name) || same(name, k->singular) ||
            same(one, k->singular)) {
            *kind = t->kinds[i];
            return true;
        }
    }
    return false;
}

int mpijob_kind_unknown(const char *text, struct error *err)
{
    const struct mpijob_tables *t = mpijob_tables();
    const char *names[16] = {NULL};
    char all[200] = "";
    for (size_t i = 0; i < t->kind_count && i + 1 < sizeof names / sizeof *names; i++) {
        size_t len = strlen(all);
        names[i] = t->kinds[i]->name;
        snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = str_nearest(text, names);
    return error_set(err, ERR_INVALID, "there is no kind \"%.80s\" here%s%s%s; there are %s", text,
                     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "", all);
}

int64_t mpijob_kind_replicas(const struct mpijob_kind *kind, const char *role)
{
    for (const struct mpijob_role *r = mpijob_kind_info(kind)->roles; r->name; r++) {
        if (strcmp(r->name, role) == 0)
            return r->replicas;
    }
    return 0;
}

/* ---- versions ---- */

static size_t own_versions(const struct mpijob_kind *kind)
{
    size_t n = 0;
    while (kind->versions[n])
        n++;
    return n;
}

const char *mpijob_kind_version_name(const struct mpijob_kind *kind, enum mpijob_version version)
{
    kind = mpijob_kind_info(kind);
    return kind->versions ? kind->versions[version] : mpijob_version_name(version);
}

const char *mpijob_target_version(struct mpijob_target target)
{
    return mpijob_kind_version_name(target.kind, target.version);
}

bool mpijob_kind_version_parse(const struct mpijob_kind *kind, struct str text, enum mpijob_version *version)
{
    kind = mpijob_kind_info(kind);
    if (!kind->versions)
        return mpijob_version_parse(text, version) && mpijob_kind_has(kind, *version);
    for (size_t i = 0; kind->versions[i]; i++) {
        if (str_is(text, kind->versions[i])) {
            *version = (enum mpijob_version)i;
            return true;
        }
    }
    return false;
}

bool mpijob_kind_has(const struct mpijob_kind *kind, enum mpijob_version version)
{
    const struct mpijob_tables *t = mpijob_tables();
    kind = mpijob_kind_info(kind);
    if (kind->versions)
        return (size_t)version < own_versions(kind);
    for (size_t i = 0; i < t->dialect_count; i++) {
        if (t->dialects[i].kind == kind && t->dialects[i].version == version)
            return true;
    }
    return false;
}

bool mpijob_kind_api_version(const struct mpijob_kind *kind, struct str text, enum mpijob_version *version)
{
    const char *group = mpijob_kind_info(kind)->group;
    size_t len = strlen(group);
    if (!len) /* Kubernetes' first one: its apiVersion is the version alone */
        return mpijob_kind_version_parse(kind, text, version);
    if (!str_starts(text, group) || text.len <= len || text.ptr[len] != '/')
        return false;
    struct str name = str_n(text.ptr + len + 1, text.len - len - 1);
    return !memchr(name.ptr, '/', name.len) && mpijob_kind_version_parse(kind, name, version);
}

int mpijob_kind_versions(const struct mpijob_kind *kind, const char *last, char out[MPIJOB_VERSIONS_TEXT])
{
    const struct mpijob_tables *t = mpijob_tables();
    int left = 0, count = 0;
    size_t len = 0, most = mpijob_kind_info(kind)->versions ? own_versions(mpijob_kind_info(kind)) : t->version_count;
    *out = '\0';
    for (size_t v = 0; v < most; v++)
        left += mpijob_kind_has(kind, (enum mpijob_version)v);
    for (size_t v = 0; v < most; v++) {
        if (!mpijob_kind_has(kind, (enum mpijob_version)v))
            continue;
        left--;
        const char *before = count++ == 0 ? "" : left ? ", " : last;
        int n = snprintf(out + len, MPIJOB_VERSIONS_TEXT - len, "%s%s", before,
                         mpijob_kind_version_name(kind, (enum mpijob_version)v));
        len += n > 0 && (size_t)n < MPIJOB_VERSIONS_TEXT - len ? (size_t)n : 0;
    }
    return count;
}

enum mpijob_version mpijob_kind_version(const struct mpijob_kind *kind)
{
    return mpijob_kind_info(kind)->likely;
}

const struct mpijob_kind *mpijob_keeper(struct json owner)
{
    char name[64];
    const struct mpijob_kind *kind;
    enum mpijob_version version;
    struct json api = json_get(owner, "apiVersion");
    if (!json_is_true(json_get(owner, "controller")) || json_string_at(owner, "/kind", name, sizeof name) ||
        !mpijob_kind_parse(str_of(name), &kind) || mpijob_kind_added(kind) || json_type(api) != JSON_STRING ||
        !mpijob_kind_api_version(kind, str_n(api.text.ptr + 1, api.text.len - 2), &version))
        return NULL;
    return kind;
}
