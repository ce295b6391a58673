/* SPDX-License-Identifier: Apache-2.0 */
/* Status objects, byte for byte in the order in which a kube-apiserver writes them. */
#include "sim/server/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_member(struct buf *out, const char *name, const char *value, bool *first)
{
    if (!value || !*value)
        return;
    buf_puts(out, *first ? "\"" : ",\"");
    *first = false;
    buf_puts(out, name);
    buf_puts(out, "\":");
    doc_write_string(out, value, strlen(value));
}

static void write_details(struct buf *out, const struct details *d, const struct cause *c)
{
    bool first = true;
    buf_puts(out, ",\"details\":{");
    add_member(out, "name", d->name, &first);
    add_member(out, "group", d->group, &first);
    add_member(out, "kind", d->kind, &first);
    add_member(out, "uid", d->uid, &first);
    if (c) {
        buf_puts(out, first ? "\"causes\":[" : ",\"causes\":[");
        first = false;
        for (const struct cause *one = c; one; one = one->next) {
            bool first_of_cause = true;
            buf_puts(out, one == c ? "{" : ",{");
            add_member(out, "reason", one->reason, &first_of_cause);
            add_member(out, "message", one->message, &first_of_cause);
            add_member(out, "field", one->field, &first_of_cause);
            buf_putc(out, '}');
        }
        buf_putc(out, ']');
    }
    if (d->retry_after)
        buf_printf(out, "%s\"retryAfterSeconds\":%d", first ? "" : ",", d->retry_after);
    buf_putc(out, '}');
}

void status_write(struct buf *out, int code, const char *reason, const char *message, const struct details *d,
                  const struct cause *c, const char *continue_token)
{
    bool first = true;
    buf_puts(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
    add_member(out, "continue", continue_token, &first);
    buf_printf(out, "},\"status\":\"%s\"", code < 400 ? "Success" : "Failure");
    first = false;
    add_member(out, "message", message, &first);
    add_member(out, "reason", reason, &first);
    if (d && (d->empty || d->name || d->kind || d->group || d->retry_after || c))
        write_details(out, d, c);
    if (code >= 400)
        buf_printf(out, ",\"code\":%d", code);
    buf_putc(out, '}');
}

static int fail_text(struct exchange *x, int code, const char *reason, const struct details *d, const struct cause *c,
                     const char *message)
{
    buf_reset(&x->resp->body);
    status_write(&x->resp->body, code, reason, message, d, c, NULL);
    if (d && d->retry_after) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", d->retry_after);
        sim_response_header(x->resp, "Retry-After", seconds);
    }
    respond_json(x, code);
    return -1;
}

int fail_with(struct exchange *x, int code, const char *reason, const struct details *d, const struct cause *c,
              const char *fmt, ...)
{
    struct buf message = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    fail_text(x, code, reason, d, c, message.ptr);
    buf_free(&message);
    return -1;
}

int fail_bad_request(struct exchange *x, const char *fmt, ...)
{
    struct buf message = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    fail_text(x, 400, "BadRequest", NULL, NULL, message.ptr);
    buf_free(&message);
    return -1;
}

char *resource_label(const struct resource *r)
{
    return *r->group ? sim_format("%s.%s", r->plural, r->group) : sim_strdup(r->plural);
}

char *kind_label(const struct exchange *x, const char *kind)
{
    return *x->res->group ? sim_format("%s.%s", kind, x->res->group) : sim_strdup(kind);
}

int fail_not_found(struct exchange *x, const char *name)
{
    char *label = resource_label(x->res);
    struct details d = {.name = name, .group = x->res->group, .kind = x->res->plural};
    fail_with(x, 404, "NotFound", &d, NULL, "%s \"%s\" not found", label, name);
    free(label);
    return -1;
}

int fail_conflict(struct exchange *x, const char *name, const char *fmt, ...)
{
    char *label = resource_label(x->res);
    struct buf why = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&why, fmt, ap);
    va_end(ap);
    struct details d = {.name = name, .group = x->res->group, .kind = x->res->plural};
    fail_with(x, 409, "Conflict", &d, NULL, "Operation cannot be fulfilled on %s \"%s\": %s", label, name, why.ptr);
    buf_free(&why);
    free(label);
    return -1;
}

static int fail_field(struct exchange *x, const char *group, const char *kind, const char *name, const char *cause,
                      const char *field, const char *message)
{
    struct details d = {.name = name, .group = group, .kind = kind};
    struct cause c = {.reason = cause, .message = message, .field = field};
    return fail_with(x, 422, "Invalid", &d, &c, "%s%s%s \"%s\" is invalid: %s: %s", kind, *group ? "." : "", group,
                     name, field, message);
}

int fail_invalid(struct exchange *x, const char *kind, const char *name, const char *cause, const char *field,
                 const char *fmt, ...)
{
    struct buf message = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    fail_field(x, x->res->group, kind, name, cause, field, message.ptr);
    buf_free(&message);
    return -1;
}

/* As Go writes a list of errors: one stands alone, several in brackets, and none twice. */
int fail_problems(struct exchange *x, const char *name, const char *by, struct schema_problems *list)
{
    struct buf message = BUF_INIT, all = BUF_INIT;
    struct cause *causes = sim_alloc(list->count * sizeof *causes);
    struct details d = {.name = name, .group = x->res->group, .kind = x->res->name};
    for (size_t i = 0; i < list->count; i++) {
        const struct schema_problem *p = &list->item[i];
        causes[i] = (struct cause){p->cause, p->message, p->field, i + 1 < list->count ? &causes[i + 1] : NULL};
        buf_printf(&all, "%s%s: %s", i ? ", " : "", p->field, p->message);
    }
    if (by)
        buf_printf(&message, "admission webhook \"%s\" denied the request: ", by);
    char *label = kind_label(x, x->res->name);
    bool several = list->count > 1;
    buf_printf(&message, "%s \"%s\" is invalid: %s%s%s", label, name, several ? "[" : "", all.ptr, several ? "]" : "");
    fail_with(x, 422, "Invalid", &d, causes, "%s", message.ptr);
    free(label);
    free(causes);
    buf_free(&all);
    buf_free(&message);
    schema_problems_free(list);
    return -1;
}

int fail_options(struct exchange *x, const char *kind, const char *field, const char *fmt, ...)
{
    struct buf message = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    const char *cause = strncmp(message.ptr, "Unsupported", 11) == 0 ? "FieldValueNotSupported"
                        : strncmp(message.ptr, "Too long", 8) == 0   ? "FieldValueTooLong"
                        : strncmp(message.ptr, "Forbidden", 9) == 0  ? "FieldValueForbidden"
                                                                     : "FieldValueInvalid";
    fail_field(x, "meta.k8s.io", kind, "", cause, field, message.ptr);
    buf_free(&message);
    return -1;
}

int fail_plain_404(struct exchange *x)
{
    sim_response_header(x->resp, "X-Content-Type-Options", "nosniff");
    respond_plain(x, 404, "404 page not found\n");
    return -1;
}

int fail_method(struct exchange *x, const char *verb)
{
    char *label = resource_label(x->res);
    struct details d = {.group = x->res->group, .kind = x->res->plural};
    fail_with(x, 405, "MethodNotAllowed", &d, NULL, "%s is not supported on resources of kind \"%s\"", verb, label);
    free(label);
    return -1;
}
