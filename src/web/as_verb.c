/* SPDX-License-Identifier: Apache-2.0 */
/* A request of HTTP as a verb of the control, and its end as an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "web/api_parts.h"
#include "json/member.h"

#define JSON_TYPE "application/json"

/* ---- answers ---- */

static unsigned status_of(const struct error *err)
{
    switch (err->code) {
    case ERR_SYNTAX:
    case ERR_INVALID:
        return 400;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
    case ERR_REFUSED:
    case ERR_DROPPED:
        return 409;
    case ERR_LIMIT:
        return 429;
    case ERR_HTTP:
    case ERR_PROTOCOL:
        return 502; /* the API server's */
    case ERR_UNREACHABLE:
    case ERR_CANCELLED:
        return 503;
    case ERR_TIMEOUT:
        return 504;
    default:
        return 500;
    }
}

void web_fail(struct admin_request *r, const struct error *err)
{
    admin_problem(r, status_of(err), err->reason, err->message);
}

bool web_serves(const struct web *web, struct admin_request *r)
{
    struct error err;
    if (web->control)
        return true;
    error_set(&err, ERR_CANCELLED,
              web->stopped ? "the daemon is being stopped"
                           : "the daemon is being started; ask again when /readyz says ok");
    web_fail(r, &err);
    return false;
}

/* ---- a verb ---- */

struct ask {
    struct web *web;
    struct admin_request *request;
    struct control_request *verb; /* under way; NULL: it is being asked, or has ended */
    const struct ask_form *form;
    bool ended;
};

static void client_gone(void *data, struct admin_request *request)
{
    struct ask *a = data;
    (void)request;
    control_call_give_up(a->verb);
    free(a);
}

static void answer(const struct ask *a, struct json result)
{
    struct error err;
    struct buf out = BUF_INIT;
    int rc = 0;
    if (a->form->form)
        rc = a->form->form(a->request, result, &out, &err);
    else
        buf_add_str(&out, json_exists(result) ? result.text : str_of("null"));
    buf_putc(&out, '\n');
    if (!rc)
        rc = buf_result(&out, "the answer", &err);
    if (rc)
        web_fail(a->request, &err);
    else
        admin_answer(a->request, 200, a->form->type ? a->form->type : JSON_TYPE, &out);
    buf_free(&out);
}

static void done(void *data, struct json result, const struct error *err)
{
    struct ask *a = data;
    a->ended = true;
    if (err)
        web_fail(a->request, err);
    else
        answer(a, result);
    if (a->verb) /* else begin() is still at it */
        free(a);
}

static void begin(struct web *web, struct admin_request *r, const struct ask_form *form, struct json args)
{
    struct error err;
    struct ask *a = calloc(1, sizeof *a);
    if (!a) {
        error_nomem(&err);
        web_fail(r, &err);
        return;
    }
    *a = (struct ask){.web = web, .request = r, .form = form};
    struct control_peer peer = {.uid = (uid_t)-1, .gid = (gid_t)-1, .name = admin_request_who(r)};
    struct control_call call = {.verb = form->verb, .args = args, .peer = peer, .done = done, .data = a};
    if (control_call(web->control, &call, &a->verb, &err)) {
        web_fail(r, &err);
        free(a);
    } else if (a->ended) {
        free(a);
    } else {
        admin_wait(r, client_gone, a);
    }
}

static int write_part(const struct admin_request *r, const struct ask_form *form, struct json_writer *w,
                      struct error *err)
{
    char text[FIELD_BYTES], *end;
    bool there = admin_request_part(r, form->part, text, sizeof text);
    json_write_key(w, form->part);
    if (!form->number) {
        json_write_string(w, text);
        return there ? 0 : error_set(err, ERR_NOT_FOUND, "there is no %s with such a long name", form->part);
    }
    bool digits = *text && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 18;
    json_write_int(w, digits ? strtoll(text, &end, 10) : 0);
    return digits ? 0 : error_set(err, ERR_INVALID, "%s has to be a number from 1, and not \"%s\"", form->part, text);
}

static const struct field no_fields[] = {{NULL, FIELD_TEXT, false}};

void ask_verb(struct web *web, struct admin_request *r, const struct ask_form *form)
{
    struct error err;
    struct buf args = BUF_INIT;
    struct json_writer w;
    const struct field *fields = form->fields ? form->fields : no_fields;
    if (!web_serves(web, r))
        return;
    json_writer_init(&w, &args);
    json_write_object(&w);
    int rc = form->part ? write_part(r, form, &w, &err) : 0;
    if (!rc)
        rc = query_read(r, form->acts ? no_fields : fields, &w, &err);
    if (!rc && form->acts)
        rc = query_read_body(r, fields, &w, &err);
    const char *header = strcmp(form->verb, "trigger") == 0 ? admin_request_header(r, "traceparent") : NULL;
    struct trace trace;
    if (!rc && header && trace_parse(header, &trace))
        json_member_text(&w, "traceparent", trace.text);
    json_write_end(&w);
    if (!rc)
        rc = buf_result(&args, "the arguments", &err);
    if (rc)
        web_fail(r, &err);
    else
        begin(web, r, form, (struct json){buf_str(&args)});
    buf_free(&args);
}
