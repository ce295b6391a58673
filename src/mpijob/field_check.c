/* SPDX-License-Identifier: Apache-2.0 */
/* Values, before they are sent. A server takes nearly everything here with a 200, and some of it stops a controller for
 * every job of the cluster (a deadline that is a string), so what is checked here is checked nowhere else. */
#include "mpijob/field.h"
#include "mpijob/shown.h"

#include <ctype.h>
#include <stdlib.h>

#define SHOWN 60 /* bytes of a value in a message: a huge one must not hide the sentence */

const char *const mpijob_scheduling_members[] = {"minAvailable",           "queue", "minResources", "priorityClass",
                                                 "scheduleTimeoutSeconds", NULL};

static const char *const policies[] = {"None", "Running", "All", NULL};

static int check_policy(struct json value, struct error *err)
{
    for (int i = 0; policies[i]; i++) {
        if (json_string_is(value, str_of(policies[i])))
            return 0;
    }
    const char *nearest = NULL;
    char text[256];
    if (json_string_at(value, "", text, sizeof text) == 0)
        nearest = str_nearest(text, policies);
    return error_set(err, ERR_INVALID, "cleanPodPolicy must be exactly None, Running or All, not %.*s%s%s%s",
                     shown(value.text, SHOWN), value.text.ptr, nearest ? "; did you mean " : "", nearest ? nearest : "",
                     nearest ? "?" : "");
}

/* least: the smallest allowed value; the most is that of an int32, which is what every controller reads. */
static int check_integer(const char *name, int64_t least, const char *unit, struct json value, struct error *err)
{
    int64_t number;
    if (json_type(value) == JSON_STRING) {
        struct json inner = {str_n(value.text.ptr + 1, value.text.len - 2)};
        bool digits = inner.text.len > 0 && inner.text.len < 12;
        for (size_t i = 0; i < inner.text.len; i++)
            digits = digits && isdigit((unsigned char)inner.text.ptr[i]);
        return error_set(
            err, ERR_INVALID,
            "%s must be a whole number%s, not the string %.*s%s%.*s%s (a string would be stored by some servers and "
            "stop their controller for every MPIJob)",
            name, unit, shown(value.text, SHOWN), value.text.ptr, digits ? "; write " : "",
            digits ? (int)inner.text.len : 0, inner.text.ptr, digits ? " without quotes" : "");
    }
    if (json_type(value) != JSON_NUMBER)
        return error_set(err, ERR_INVALID, "%s must be a whole number%s from %lld to 2147483647, not %s", name, unit,
                         (long long)least, json_type_name(json_type(value)));
    if (!json_int64(value, &number) || number < least || number > INT32_MAX)
        return error_set(err, ERR_INVALID, "%s must be a whole number%s from %lld to 2147483647, not %.*s", name, unit,
                         (long long)least, shown(value.text, SHOWN), value.text.ptr);
    return 0;
}

static int check_bool(const char *name, struct json value, struct error *err)
{
    if (json_type(value) == JSON_BOOL)
        return 0;
    return error_set(err, ERR_INVALID, "%s must be true or false, not %.*s", name, shown(value.text, SHOWN),
                     value.text.ptr);
}

static int check_string(const char *name, struct json value, struct error *err)
{
    if (json_type(value) == JSON_STRING)
        return 0;
    return error_set(err, ERR_INVALID, "%s must be a string, not %s", name, json_type_name(json_type(value)));
}

/* "kueue.x-k8s.io/multikueue": a name below a domain, at most 63 characters, as a batch Job's managedBy. */
static int check_manager(struct json value, struct error *err)
{
    int rc = check_string("managedBy", value, err);
    if (rc)
        return rc;
    struct str text = str_n(value.text.ptr + 1, value.text.len - 2);
    const char *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    if (slash && text.len <= 63 && !mpijob_label_check(text, str_of(""), NULL))
        return 0;
    return error_set(err, ERR_INVALID,
                     "managedBy must be a name below a domain of at most 63 characters, such as "
                     "kueue.x-k8s.io/multikueue, not %.*s",
                     shown(value.text, SHOWN), value.text.ptr);
}

static size_t digits_at(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && isdigit((unsigned char)p[n]))
        n++;
    return n;
}

/* Kubernetes' quantity: [+-]digits[.digits][suffix], as the definitions' own pattern has it. */
static bool is_quantity(struct str text)
{
    static const char *const suffixes[] = {"",  "n", "u",  "m",  "k",  "M",  "G",  "T",
                                           "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    const char *p = text.ptr, *end = text.ptr + text.len;
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    size_t before = digits_at(p, end), after = 0;
    p += before;
    if (p < end && *p == '.') {
        after = digits_at(p + 1, end);
        p += 1 + after;
    }
    if (before + after == 0)
        return false;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (str_is(str_n(p, (size_t)(end - p)), suffixes[i]))
            return true;
    }
    if (*p != 'e' && *p != 'E')
        return false;
    p++;
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    size_t exponent = digits_at(p, end);
    return exponent > 0 && p + exponent == end;
}

static int check_resources(struct json value, struct error *err)
{
    if (json_type(value) != JSON_OBJECT)
        return error_set(err, ERR_INVALID,
                         "schedulingPolicy.minResources must be an object of resource names and quantities, not %s",
                         json_type_name(json_type(value)));
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        enum json_type type = json_type(it.value);
        int64_t number;
        bool good = type == JSON_NUMBER
                        ? json_int64(it.value, &number)
                        : type == JSON_STRING && is_quantity(str_n(it.value.text.ptr + 1, it.value.text.len - 2));
        if (!good)
            return error_set(err, ERR_INVALID,
                             "schedulingPolicy.minResources: %.*s must be a quantity such as 8 or \"16Gi\", not %.*s",
                             shown(it.key.text, SHOWN), it.key.text.ptr, shown(it.value.text, SHOWN),
                             it.value.text.ptr);
    }
    return 0;
}

int mpijob_scheduling_member(struct str name)
{
    for (int i = 0; mpijob_scheduling_members[i]; i++) {
        if (str_is(name, mpijob_scheduling_members[i]))
            return i;
    }
    return -1;
}

int mpijob_scheduling_check(struct str member, struct json value, struct error *err)
{
    int index = mpijob_scheduling_member(member);
    if (index < 0) {
        char *name = str_dup(member);
        const char *nearest = name ? str_nearest(name, mpijob_scheduling_members) : NULL;
        free(name);
        return error_set(err, ERR_INVALID,
                         "schedulingPolicy has no member \"%.*s\"%s%s%s (it has minAvailable, queue, minResources, "
                         "priorityClass, scheduleTimeoutSeconds)",
                         shown(member, SHOWN), member.ptr, nearest ? "; did you mean " : "", nearest ? nearest : "",
                         nearest ? "?" : "");
    }
    if (json_type(value) == JSON_NULL)
        return 0;
    switch (index) {
    case 0:
        return check_integer("schedulingPolicy.minAvailable", 0, "", value, err);
    case 1:
        return check_string("schedulingPolicy.queue", value, err);
    case 2:
        return check_resources(value, err);
    case 3:
        return check_string("schedulingPolicy.priorityClass", value, err);
    default:
        return check_integer("schedulingPolicy.scheduleTimeoutSeconds", 0, " of seconds", value, err);
    }
}

static int check_scheduling(struct json value, struct error *err)
{
    if (json_type(value) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "schedulingPolicy must be an object, not %s",
                         json_type_name(json_type(value)));
    if (!json_count(value))
        return error_set(err, ERR_INVALID,
                         "schedulingPolicy names nothing to change; give a member, or null to remove it all");
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        struct buf key = BUF_INIT;
        bool decoded = json_decode(it.key, &key);
        int rc = decoded ? mpijob_scheduling_check(buf_str(&key), it.value, err) : error_nomem(err);
        buf_free(&key);
        if (rc)
            return rc;
    }
    return 0;
}

int mpijob_field_check(enum mpijob_field_id field, struct json value, struct error *err)
{
    if (json_type(value) == JSON_NULL)
        return 0;
    switch (field) {
    case FIELD_CLEAN_POD_POLICY:
        return check_policy(value, err);
    case FIELD_ACTIVE_DEADLINE_SECONDS:
        return check_integer("activeDeadlineSeconds", 1, " of seconds", value, err);
    case FIELD_BACKOFF_LIMIT:
        return check_integer("backoffLimit", 0, "", value, err);
    case FIELD_TTL_SECONDS_AFTER_FINISHED:
        return check_integer("ttlSecondsAfterFinished", 0, " of seconds", value, err);
    case FIELD_SUSPEND:
        return check_bool("suspend", value, err);
    case FIELD_MANAGED_BY:
        return check_manager(value, err);
    case FIELD_SCHEDULING_POLICY:
        return check_scheduling(value, err);
    case FIELD_COUNT:
    case FIELD_OWN:
        break;
    }
    return error_set(err, ERR_INVALID, "no such field");
}
