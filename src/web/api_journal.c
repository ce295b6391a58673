/* SPDX-License-Identifier: Apache-2.0 */
/* Runs and changes, of the journal. */
#include <inttypes.h>

#include "web/api_parts.h"

static const struct field run_fields[] = {
    {"limit", FIELD_LIMIT, false},  {"cursor", FIELD_NUMBER, false},  {"policy", FIELD_TEXT, false},
    {"cluster", FIELD_TEXT, false}, {"namespace", FIELD_TEXT, false}, {"job", FIELD_TEXT, false},
    {"since", FIELD_TEXT, false},   {"outcome", FIELD_TEXT, false},   {"in_flight", FIELD_BOOL, false},
    {NULL, FIELD_TEXT, false},
};
static const struct field change_fields[] = {
    {"limit", FIELD_LIMIT, false},  {"cursor", FIELD_NUMBER, false},  {"policy", FIELD_TEXT, false},
    {"cluster", FIELD_TEXT, false}, {"namespace", FIELD_TEXT, false}, {"job", FIELD_TEXT, false},
    {"since", FIELD_TEXT, false},   {"outcome", FIELD_TEXT, false},   {"in_flight", FIELD_BOOL, false},
    {"run", FIELD_NUMBER, false},   {NULL, FIELD_TEXT, false},
};

/* As of other lists the cursor is a text. */
static int form_list(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    int64_t next;
    (void)r;
    (void)err;
    buf_puts(out, "{\"items\":");
    buf_add_str(out, json_get(result, "items").text);
    if (json_int64(json_get(result, "next"), &next))
        buf_printf(out, ",\"next\":\"%" PRId64 "\"}", next);
    else
        buf_puts(out, ",\"next\":null}");
    return 0;
}

static int form_one(const struct admin_request *r, struct json result, struct buf *out, struct error *err)
{
    char run[32];
    struct json one = json_at(result, "/items/0");
    admin_request_part(r, "run", run, sizeof run);
    if (!json_exists(one))
        return error_set(err, ERR_NOT_FOUND, "the journal has no run %s; /api/v1/runs lists those it has", run);
    buf_add_str(out, one.text);
    return 0;
}

static void get_runs(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "runs", .fields = run_fields, .form = form_list};
    ask_verb(data, r, &form);
}

static void get_run(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "runs", .part = "run", .number = true, .form = form_one};
    ask_verb(data, r, &form);
}

static void get_changes(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "changes", .fields = change_fields, .form = form_list};
    ask_verb(data, r, &form);
}

static void get_journal(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "journal"};
    ask_verb(data, r, &form);
}

const struct admin_route journal_routes[] = {
    {"GET", "/api/v1/journal", ADMIN_READER, get_journal},
    {"GET", "/api/v1/runs", ADMIN_READER, get_runs},
    {"GET", "/api/v1/runs/{run}", ADMIN_READER, get_run},
    {"GET", "/api/v1/changes", ADMIN_READER, get_changes},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
