/* SPDX-License-Identifier: Apache-2.0 */
/* The Table form that kubectl get asks for: name and age, as custom resources without printer columns have. */
#include "sim/read/table.h"

#include "base/clock.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

static bool with_phase(const struct exchange *x)
{
    return x->res->kind == K_POD || x->res->kind == K_NAMESPACE;
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
    if (with_phase(x))
        buf_puts(out, "{\"name\":\"Status\",\"type\":\"string\",\"format\":\"\",\"description\":\"\",\"priority\":0},");
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
    const char *phase = doc_str(doc_get(doc, "status"), "phase");
    int64_t us = x->sim->now_us;
    if (created)
        clock_parse(created, &us);
    buf_puts(out, "{\"cells\":[");
    doc_write_string(out, entry_name(rev->entry), strlen(entry_name(rev->entry)));
    buf_putc(out, ',');
    if (with_phase(x)) {
        doc_write_string(out, phase ? phase : "", phase ? strlen(phase) : 0);
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
