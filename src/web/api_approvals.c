/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that wait for approval, with their plans, what a person decides, and what is taken back. */
#include "web/api_parts.h"
#include "web/page.h"

static const struct field list_fields[] = {{"limit", FIELD_LIMIT, false},
                                           {"cursor", FIELD_TEXT, false},
                                           {"policy", FIELD_TEXT, false},
                                           {"cluster", FIELD_TEXT, false},
                                           {NULL, FIELD_TEXT, false}};

static bool is_meant(const struct page *page, struct json item)
{
    return page_fits(page, "policy", json_get(item, "policy")) && page_fits(page, "cluster", json_get(item, "cluster"));
}

static int form_list(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    return page_write(r, result, "run", is_meant, out, err);
}

static void get_list(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "waiting", .fields = list_fields, .form = form_list};
    ask_verb(data, r, &form);
}

static void get_one(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "waiting", .part = "run", .number = true};
    ask_verb(data, r, &form);
}

static void post_approve(void *data, struct admin_request *r)
{
    static const struct field fields[] = {{"override", FIELD_BOOL, false}, {NULL, FIELD_TEXT, false}};
    static const struct ask_form form = {
        .verb = "approve", .part = "run", .number = true, .fields = fields, .acts = true};
    ask_verb(data, r, &form);
}

static const struct field reject_fields[] = {{"reason", FIELD_TEXT, false}, {NULL, FIELD_TEXT, false}};

static void post_reject(void *data, struct admin_request *r)
{
    static const struct ask_form form = {
        .verb = "reject", .part = "run", .number = true, .fields = reject_fields, .acts = true};
    ask_verb(data, r, &form);
}

static const struct field extend_fields[] = {{"seconds", FIELD_NUMBER, true}, {NULL, FIELD_TEXT, false}};

static void post_extend(void *data, struct admin_request *r)
{
    static const struct ask_form form = {
        .verb = "extend", .part = "run", .number = true, .fields = extend_fields, .acts = true};
    ask_verb(data, r, &form);
}

static const struct field undo_fields[] = {{"job", FIELD_JOB, false},       {"namespace", FIELD_TEXT, false},
                                           {"dry_run", FIELD_BOOL, false},  {"destructive", FIELD_BOOL, false},
                                           {"override", FIELD_BOOL, false}, {NULL, FIELD_TEXT, false}};

static void post_undo(void *data, struct admin_request *r)
{
    static const struct ask_form form = {
        .verb = "undo", .part = "run", .number = true, .fields = undo_fields, .acts = true};
    ask_verb(data, r, &form);
}

const struct admin_route approval_routes[] = {
    {"GET", "/api/v1/approvals", ADMIN_READER, get_list},
    {"GET", "/api/v1/approvals/{run}", ADMIN_READER, get_one},
    {"POST", "/api/v1/runs/{run}/approve", ADMIN_WRITER, post_approve},
    {"POST", "/api/v1/runs/{run}/reject", ADMIN_WRITER, post_reject},
    {"POST", "/api/v1/runs/{run}/extend", ADMIN_WRITER, post_extend},
    {"POST", "/api/v1/runs/{run}/undo", ADMIN_WRITER, post_undo},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
