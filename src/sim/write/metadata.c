/* SPDX-License-Identifier: Apache-2.0 */
/* metadata: the types of its members, and what labels, annotations, finalizers and names may hold. */
#include "sim/write/metadata.h"

#include "base/clock.h"
#include "sim/server/status.h"
#include "sim/store/names.h"

#include <stdlib.h>
#include <string.h>

enum form { FORM_STRING, FORM_MAP, FORM_STRINGS, FORM_OBJECTS, FORM_TIME, FORM_INTEGER };

static const struct known {
    const char *name;
    enum form form;
} known_members[] = {
    {"annotations", FORM_MAP},
    {"creationTimestamp", FORM_TIME},
    {"deletionGracePeriodSeconds", FORM_INTEGER},
    {"deletionTimestamp", FORM_TIME},
    {"finalizers", FORM_STRINGS},
    {"generateName", FORM_STRING},
    {"generation", FORM_INTEGER},
    {"labels", FORM_MAP},
    {"managedFields", FORM_OBJECTS},
    {"name", FORM_STRING},
    {"namespace", FORM_STRING},
    {"ownerReferences", FORM_OBJECTS},
    {"resourceVersion", FORM_STRING},
    {"selfLink", FORM_STRING},
    {"uid", FORM_STRING},
};

static const char *go_word(json_object *v)
{
    switch (json_object_get_type(v)) {
    case json_type_boolean:
        return "bool";
    case json_type_int:
    case json_type_double:
        return "number";
    case json_type_string:
        return "string";
    case json_type_array:
        return "array";
    default:
        return "object";
    }
}

static int wrong_type(struct exchange *x, json_object *v, const char *name, const char *wanted)
{
    return fail_bad_request(
        x,
        "%s in version \"%s\" cannot be handled as a %s: json: cannot unmarshal %s into Go struct field "
        "ObjectMeta.metadata.%s of type %s",
        x->res->name, x->version, x->res->name, go_word(v), name, wanted);
}

static int check_map(struct exchange *x, json_object *map, const char *name)
{
    if (!json_object_is_type(map, json_type_object))
        return wrong_type(x, map, name, "map[string]string");
    json_object_iter it;
    json_object_object_foreachC(map, it)
    {
        if (!it.val) /* json-c may replace a value while it iterates */
            json_object_object_add(map, it.key, json_object_new_string(""));
        else if (!json_object_is_type(it.val, json_type_string))
            return wrong_type(x, it.val, name, "string");
    }
    return 0;
}

static int check_array(struct exchange *x, json_object *array, const char *name, json_type element, const char *wanted)
{
    if (!json_object_is_type(array, json_type_array))
        return wrong_type(x, array, name, wanted);
    for (size_t i = 0; i < json_object_array_length(array); i++)
        if (!json_object_is_type(json_object_array_get_idx(array, i), element))
            return wrong_type(x, json_object_array_get_idx(array, i), name, wanted + 2);
    return 0;
}

static int check_time(struct exchange *x, json_object *v)
{
    int64_t us;
    if (!json_object_is_type(v, json_type_string))
        return wrong_type(x, v, "creationTimestamp", "string");
    if (clock_parse(json_object_get_string(v), &us))
        return 0;
    return fail_bad_request(x, "parsing time \"%s\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"%s\" as \"2006\"",
                            json_object_get_string(v), json_object_get_string(v));
}

static int check_member(struct exchange *x, json_object *v, const struct known *k)
{
    switch (k->form) {
    case FORM_STRING:
        return json_object_is_type(v, json_type_string) ? 0 : wrong_type(x, v, k->name, "string");
    case FORM_INTEGER:
        return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double)
                   ? 0
                   : wrong_type(x, v, k->name, "int64");
    case FORM_MAP:
        return check_map(x, v, k->name);
    case FORM_STRINGS:
        return check_array(x, v, k->name, json_type_string, "[]string");
    case FORM_OBJECTS:
        return check_array(x, v, k->name, json_type_object, "[]v1.OwnerReference");
    case FORM_TIME:
        return check_time(x, v);
    }
    return 0;
}

static bool is_empty(json_object *v)
{
    return !v || (json_object_is_type(v, json_type_string) && json_object_get_string_len(v) == 0) ||
           (json_object_is_type(v, json_type_object) && json_object_object_length(v) == 0) ||
           (json_object_is_type(v, json_type_array) && json_object_array_length(v) == 0);
}

static const struct known *find_known(const char *name)
{
    for (size_t i = 0; i < sizeof known_members / sizeof known_members[0]; i++)
        if (strcmp(known_members[i].name, name) == 0)
            return &known_members[i];
    return NULL;
}

int metadata_shape(struct exchange *x, json_object *doc, struct doc_findings *unknown)
{
    json_object *meta = doc_get(doc, "metadata");
    if (!meta)
        doc_set(doc, "metadata", meta = json_object_new_object());
    if (!json_object_is_type(meta, json_type_object))
        return fail_bad_request(x, "json: cannot unmarshal %s into Go struct field .metadata of type v1.ObjectMeta",
                                go_word(meta));
    struct doc_findings drop = {0};
    int result = 0;
    json_object_iter it;
    json_object_object_foreachC(meta, it)
    {
        const struct known *k = find_known(it.key);
        if (!k)
            findings_add(unknown, sim_format("unknown field \"metadata.%s\"", it.key));
        else if (it.val && (result = check_member(x, it.val, k)) != 0)
            break;
        if (!k || is_empty(it.val))
            findings_add(&drop, sim_strdup(it.key));
    }
    for (size_t i = 0; i < drop.count && !result; i++)
        json_object_object_del(meta, drop.item[i]);
    findings_free(&drop);
    return result;
}

/* ---- validation */

static const char *object_name(json_object *doc)
{
    const char *name = doc_str(doc_get(doc, "metadata"), "name");
    return name ? name : "";
}

static int bad_key(struct exchange *x, json_object *doc, const char *field, const char *key, char *problem)
{
    fail_invalid(x, x->res->name, object_name(doc), "FieldValueInvalid", field, "Invalid value: \"%s\": %s", key,
                 problem);
    free(problem);
    return -1;
}

static int validate_labels(struct exchange *x, json_object *doc)
{
    json_object *labels = doc_path(doc, "metadata", "labels");
    json_object_iter it;
    if (!labels)
        return 0;
    json_object_object_foreachC(labels, it)
    {
        const char *value = json_object_get_string(it.val);
        char *problem = qualified_name_problem(it.key);
        if (problem)
            return bad_key(x, doc, "metadata.labels", it.key, problem);
        if (strlen(value) > 63)
            return bad_key(x, doc, "metadata.labels", value, sim_strdup("must be no more than 63 bytes"));
        if (!label_value_valid(value))
            return bad_key(x, doc, "metadata.labels", value,
                           sim_strdup("a valid label must be an empty string or consist of " NAME_RULE));
    }
    return 0;
}

static int validate_annotations(struct exchange *x, json_object *doc)
{
    json_object *annotations = doc_path(doc, "metadata", "annotations");
    json_object_iter it;
    size_t total = 0;
    if (!annotations)
        return 0;
    json_object_object_foreachC(annotations, it)
    {
        char *problem = qualified_name_problem(it.key);
        if (problem)
            return bad_key(x, doc, "metadata.annotations", it.key, problem);
        total += strlen(it.key) + (size_t)json_object_get_string_len(it.val);
    }
    if (total > 262144)
        return fail_invalid(x, x->res->name, object_name(doc), "FieldValueTooLong", "metadata.annotations",
                            "Too long: may not be more than 262144 bytes");
    return 0;
}

int metadata_validate(struct exchange *x, json_object *doc)
{
    const char *name = object_name(doc);
    if (!dns_subdomain(name, x->res->kind == K_NAMESPACE ? 63 : 253))
        return fail_invalid(x, x->res->name, name, "FieldValueInvalid", "metadata.name", "Invalid value: \"%s\": %s",
                            name, strlen(name) > 253 ? "must be no more than 253 bytes" : SUBDOMAIN_RULE);
    json_object *finalizers = doc_path(doc, "metadata", "finalizers");
    for (size_t i = 0; finalizers && i < json_object_array_length(finalizers); i++) {
        const char *f = json_object_get_string(json_object_array_get_idx(finalizers, i));
        char *problem = qualified_name_problem(f);
        if (problem)
            return bad_key(x, doc, "metadata.finalizers", f, problem);
    }
    return validate_labels(x, doc) || validate_annotations(x, doc) ? -1 : 0;
}
