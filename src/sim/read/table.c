/* SPDX-License-Identifier: Apache-2.0 */
/* The Table form that kubectl get asks for: name and age, as custom resources without printer columns have, and
 * between these what the definitions of some kinds show. */
#include "sim/read/table.h"

#include "base/clock.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

/* A column between the name and the age: a member, the status of a condition, or the type of the last one. */
struct column {
    enum kind kind;
    const char *name, *path[3];
    const char *condition;
    bool last;
};

static const struct column columns[] = {
    {K_POD, "Status", {"status", "phase"}, NULL, false},
    {K_NAMESPACE, "Status", {"status", "phase"}, NULL, false},
    {K_JOBSET, "TerminalState", {"status", "terminalState"}, NULL, false},
    {K_JOBSET, "Restarts", {"status", "restarts"}, NULL, false},
    {K_JOBSET, "Completed", {NULL}, "Completed", false},
    {K_JOBSET, "Suspended", {"spec", "suspend"}, NULL, false},
    {K_TRAINJOB, "State", {NULL}, NULL, true},
    {K_WORKLOAD, "Queue", {"spec", "queueName"}, NULL, false},
    {K_WORKLOAD, "Reserved in", {"status", "admission", "clusterQueue"}, NULL, false},
    {K_WORKLOAD, "Admitted", {NULL}, "Admitted", false},
    {K_WORKLOAD, "Finished", {NULL}, "Finished", false},
};
static const size_t column_count = sizeof columns / sizeof columns[0];

static json_object *cell(const struct column *c, json_object *doc)
{
    json_object *conditions = doc_path(doc, "status", "conditions");
    size_t n = doc_count(conditions);
    if (c->last)
        return n ? doc_get(json_object_array_get_idx(conditions, n - 1), "type") : NULL;
    for (size_t i = 0; c->condition && i < n; i++) {
        json_object *one = json_object_array_get_idx(conditions, i);
        const char *type = doc_str(one, "type");
        if (type && strcmp(type, c->condition) == 0)
            return doc_get(one, "status");
    }
    for (size_t i = 0; i < 3 && c->path[i]; i++)
        doc = doc_get(doc, c->path[i]);
    return c->condition ? NULL : doc;
}

void table_head(struct exchange *x, struct buf *out, uint64_t version, const char *more)
{
    buf_puts(out, "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{");
    if (more)
        buf_printf(out, "\"continue\":\"%s\",", more);
    buf_printf(out,
               "\"resourceVersion\":\"%llu\"},\"columnDefinitions\":["
               "{\"name\":\"Name\",\"type\":\"string\",\"format\":\"name\",\"description\":\"\",\"priority\":0},",
               (unsigned long long)version);
    for (size_t i = 0; i < column_count; i++)
        if (columns[i].kind == x->res->kind)
            buf_printf(out,
                       "{\"name\":\"%s\",\"type\":\"string\",\"format\":\"\",\"description\":\"\",\"priority\":0},",
                       columns[i].name);
    buf_puts(out,
             "{\"name\":\"Age\",\"type\":\"string\",\"format\":\"\",\"description\":\"\",\"priority\":0}],\"rows\":[");
}

/* As kubectl prints ages: 45s, 12m, 5h7m, 3h, 2d. */
static void write_age(struct buf *out, int64_t seconds)
{
    if (seconds < 120)
        buf_printf(out, "\"%llds\"", (long long)(seconds < 0 ? 0 : seconds));
    else if (seconds < 3 * 3600)
        buf_printf(out, "\"%lldm\"", (long long)(seconds / 60));
    else if (seconds < 48 * 3600)
        buf_printf(out, "\"%lldh\"", (long long)(seconds / 3600));
    else
        buf_printf(out, "\"%lldd\"", (long long)(seconds / 86400));
}

void table_row(struct exchange *x, struct revision *rev, struct buf *out)
{
    json_object *doc = object_read(x, rev);
    const char *created = doc_str(doc_get(doc, "metadata"), "creationTimestamp");
    int64_t us = x->sim->now_us;
    if (created)
        clock_parse(created, &us);
    buf_puts(out, "{\"cells\":[");
    doc_write_string(out, entry_name(rev->entry), strlen(entry_name(rev->entry)));
    buf_putc(out, ',');
    for (size_t i = 0; i < column_count; i++) {
        if (columns[i].kind != x->res->kind)
            continue;
        json_object *value = cell(&columns[i], doc);
        const char *text = value ? json_object_get_string(value) : NULL;
        if (text)
            doc_write_string(out, text, strlen(text));
        else
            buf_puts(out, "null");
        buf_putc(out, ',');
    }
    write_age(out, (x->sim->now_us - us) / 1000000);
    buf_puts(out, "],\"object\":{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":");
    buf_add(out, rev->text + rev->marks.meta, rev->marks.meta_len);
    buf_puts(out, "}}");
    json_object_put(doc);
}

void table_one(struct exchange *x, struct revision *rev)
{
    table_head(x, &x->resp->body, rev->version, NULL);
    table_row(x, rev, &x->resp->body);
    buf_puts(&x->resp->body, "]}");
    respond_json(x, 200);
}
