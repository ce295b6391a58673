/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of the clusters, and why a policy acts on one or does not. */
#include "web/api_parts.h"

static const struct field list_fields[] = {
    {"limit", FIELD_NUMBER, false}, {"cursor", FIELD_PLACE, false},   {"cluster", FIELD_TEXT, false},
    {"kind", FIELD_TEXT, false},    {"namespace", FIELD_TEXT, false}, {"name", FIELD_TEXT, false},
    {"phase", FIELD_TEXT, false},   {"labels", FIELD_TEXT, false},    {"holding", FIELD_BOOL, false},
    {"sort", FIELD_TEXT, false},    {"reverse", FIELD_BOOL, false},   {NULL, FIELD_TEXT, false},
};

static void get_jobs(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "jobs", .fields = list_fields};
    ask_verb(data, r, &form);
}

static const struct field why_fields[] = {{"policy", FIELD_TEXT, true},
                                          {"job", FIELD_JOB, true},
                                          {"cluster", FIELD_TEXT, false},
                                          {"text", FIELD_BOOL, false},
                                          {NULL, FIELD_TEXT, false}};

static void get_why(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "why", .fields = why_fields};
    ask_verb(data, r, &form);
}

static const struct field hold_fields[] = {{"job", FIELD_JOB, true},         {"cluster", FIELD_TEXT, false},
                                           {"seconds", FIELD_NUMBER, false}, {"off", FIELD_BOOL, false},
                                           {"override", FIELD_BOOL, false},  {NULL, FIELD_TEXT, false}};

static void post_hold(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "hold", .fields = hold_fields, .acts = true};
    ask_verb(data, r, &form);
}

static const struct field report_fields[] = {
    {"by", FIELD_TEXT, false}, {"cluster", FIELD_TEXT, false}, {NULL, FIELD_TEXT, false}};

static void get_report(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "report", .fields = report_fields};
    ask_verb(data, r, &form);
}

const struct admin_route jobs_routes[] = {
    {"GET", "/api/v1/jobs", ADMIN_READER, get_jobs},
    {"POST", "/api/v1/hold", ADMIN_WRITER, post_hold},
    {"GET", "/api/v1/report", ADMIN_READER, get_report},
    {"GET", "/api/v1/why", ADMIN_READER, get_why},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
