/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: how they are, and what people do to them. */
#include <string.h>

#include "web/api_parts.h"
#include "web/page.h"

/* ---- how they are ---- */

static const struct field list_fields[] = {{"limit", FIELD_LIMIT, false},
                                           {"cursor", FIELD_TEXT, false},
                                           {"cluster", FIELD_TEXT, false},
                                           {"state", FIELD_TEXT, false},
                                           {NULL, FIELD_TEXT, false}};

/* On any cluster, where the filter names none: a policy stands in the list if one of its clusters is meant. */
static bool is_meant(const struct page *page, struct json policy)
{
    if (!page_filter(page, "cluster") && !page_filter(page, "state"))
        return true;
    for (struct json_iter it = json_iter(json_get(policy, "clusters")); json_next(&it);) {
        if (page_fits(page, "cluster", json_get(it.value, "cluster")) &&
            page_fits(page, "state", json_get(it.value, "state")))
            return true;
    }
    return false;
}

static int form_list(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    return page_write(r, json_get(result, "policies"), "policy", is_meant, out, err);
}

static int form_one(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    struct json one = json_at(result, "/policies/0");
    (void)r;
    if (!json_exists(one))
        return error_set(err, ERR_NOT_FOUND, "that policy is not in force; /api/v1/policies lists those that are");
    buf_add_str(out, one.text);
    return 0;
}

static void get_list(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "status", .fields = list_fields, .form = form_list};
    ask_verb(data, r, &form);
}

static void get_one(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "status", .part = "policy", .form = form_one};
    ask_verb(data, r, &form);
}

/* ---- what people do to them ---- */

static const struct field run_fields[] = {{"job", FIELD_KIND, false},
                                          {"dry_run", FIELD_BOOL, false},
                                          {"override", FIELD_BOOL, false},
                                          {NULL, FIELD_TEXT, false}};

static void post_run(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "trigger", .part = "policy", .fields = run_fields, .acts = true};
    ask_verb(data, r, &form);
}

static void post_pause(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "pause", .part = "policy", .acts = true};
    ask_verb(data, r, &form);
}

static void post_resume(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "resume", .part = "policy", .acts = true};
    ask_verb(data, r, &form);
}

const struct admin_route policy_routes[] = {
    {"GET", "/api/v1/policies", ADMIN_READER, get_list},
    {"GET", "/api/v1/policies/{policy}", ADMIN_READER, get_one},
    {"POST", "/api/v1/policies/{policy}/run", ADMIN_WRITER, post_run},
    {"POST", "/api/v1/policies/{policy}/pause", ADMIN_WRITER, post_pause},
    {"POST", "/api/v1/policies/{policy}/resume", ADMIN_WRITER, post_resume},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
