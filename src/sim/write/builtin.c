/* SPDX-License-Identifier: Apache-2.0 */
/* What the built-in kinds check and fill in, as far as a client of MPIJobs sees it. */
#include "sim/write/builtin.h"

#include "base/base64.h"
#include "base/clock.h"
#include "sim/server/status.h"
#include "sim/write/job.h"

#include <stdlib.h>
#include <string.h>

/* ---- Lease */

/* Six decimals are needed, then Z or an offset. It is stored in UTC. */
static int lease_time(struct exchange *x, json_object *spec, const char *name)
{
    json_object *v = doc_get(spec, name);
    if (!v)
        return 0;
    const char *s = json_object_get_string(v);
    int64_t us;
    const char *point = strchr(s, '.');
    size_t digits = point ? strspn(point + 1, "0123456789") : 0;
    if (!json_object_is_type(v, json_type_string) || digits != 6 || !clock_parse(s, &us) || !point[7])
        return fail_bad_request(x,
                                "Lease in version \"v1\" cannot be handled as a Lease: parsing time \"%s\" as "
                                "\"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"%s\" as \".000000\"",
                                s, point ? point : "");
    char out[32];
    clock_format(us, true, out);
    doc_set_str(spec, name, out);
    return 0;
}

static int prepare_lease(struct exchange *x, json_object *doc)
{
    json_object *spec = doc_get(doc, "spec");
    return lease_time(x, spec, "acquireTime") || lease_time(x, spec, "renewTime") ? -1 : 0;
}

/* ---- ConfigMap and Secret */

static int check_strings(struct exchange *x, json_object *map, const char *name)
{
    if (!map)
        return 0;
    if (!json_object_is_type(map, json_type_object))
        return fail_bad_request(x, "json: cannot unmarshal into Go struct field %s.%s of type map[string]string",
                                x->res->name, name);
    json_object_object_foreach(map, key, value)
    {
        if (!json_object_is_type(value, json_type_string))
            return fail_bad_request(x, "json: cannot unmarshal into Go struct field %s.%s of type string (%s)",
                                    x->res->name, name, key);
    }
    return 0;
}

static int prepare_secret(struct exchange *x, json_object *doc)
{
    json_object *plain = doc_get(doc, "stringData");
    if (check_strings(x, doc_get(doc, "data"), "data") || check_strings(x, plain, "stringData"))
        return -1;
    if (plain) {
        json_object *data = doc_get(doc, "data");
        if (!data)
            doc_set(doc, "data", data = json_object_new_object());
        json_object_object_foreach(plain, key, value)
        {
            struct buf b = BUF_INIT;
            struct str plain_value = {json_object_get_string(value), (size_t)json_object_get_string_len(value)};
            base64_encode(plain_value, &b);
            char *coded = sim_take(&b);
            doc_set_str(data, key, coded);
            free(coded);
        }
        json_object_object_del(doc, "stringData");
    }
    if (!doc_str(doc, "type"))
        doc_set_str(doc, "type", "Opaque");
    return 0;
}

static int prepare_configmap(struct exchange *x, json_object *doc)
{
    static const char *const maps[] = {"data", "binaryData"};
    for (int i = 0; i < 2; i++) {
        json_object *map = doc_get(doc, maps[i]);
        if (check_strings(x, map, maps[i]))
            return -1;
        if (!map || json_object_object_length(map) == 0)
            json_object_object_del(doc, maps[i]);
    }
    return 0;
}

/* ---- Events */

static int require(struct exchange *x, json_object *doc, const char *name, const char *member)
{
    const char *value = doc_str(doc, member);
    if (value && *value)
        return 0;
    return fail_invalid(x, "Event", name, "FieldValueRequired", member, "Required value");
}

static int prepare_event(struct exchange *x, json_object *doc, json_object *old)
{
    const char *name = doc_str(doc_get(doc, "metadata"), "name");
    json_object *about = doc_get(doc, x->res->alternate ? "regarding" : "involvedObject");
    const char *ns = doc_str(about, "namespace");
    if (strcmp(ns ? ns : "default", x->ns) != 0)
        return fail_invalid(x, "Event", name, "FieldValueInvalid", "involvedObject.namespace",
                            "Invalid value: \"%s\": does not match event.namespace", ns ? ns : "");
    if (!x->res->alternate || old)
        return 0;
    return require(x, doc, name, "eventTime") || require(x, doc, name, "reportingController") ||
                   require(x, doc, name, "reportingInstance") || require(x, doc, name, "action") ||
                   require(x, doc, name, "reason")
               ? -1
               : 0;
}

/* ---- Pods */

static int prepare_pod(struct exchange *x, json_object *doc, json_object *old)
{
    if (old) {
        /* a deadline can be set or lowered, but not raised or removed */
        int64_t before = doc_int(doc_get(old, "spec"), "activeDeadlineSeconds", -1);
        int64_t now = doc_int(doc_get(doc, "spec"), "activeDeadlineSeconds", -1);
        if (before >= 0 && (now < 0 || now > before))
            return fail_invalid(x, "Pod", x->name, "FieldValueInvalid", "spec.activeDeadlineSeconds",
                                "Invalid value: %lld: must be less than or equal to previous value", (long long)now);
        return 0;
    }
    json_object *status = json_object_new_object();
    doc_set_str(status, "phase", "Pending");
    doc_set_str(status, "qosClass", "BestEffort");
    doc_set(doc, "status", status);
    return 0;
}

int builtin_prepare(struct exchange *x, json_object *doc, json_object *old)
{
    switch (x->res->kind) {
    case K_LEASE:
        return prepare_lease(x, doc);
    case K_CONFIGMAP:
        return prepare_configmap(x, doc);
    case K_SECRET:
        return prepare_secret(x, doc);
    case K_EVENT:
        return prepare_event(x, doc, old);
    case K_POD:
        return prepare_pod(x, doc, old);
    case K_JOB:
        return job_prepare(x, doc, old);
    case K_NAMESPACE:
        if (!old)
            doc_set(doc, "status", doc_parse("{\"phase\":\"Active\"}", 18));
        return 0;
    default:
        return 0;
    }
}
