/* SPDX-License-Identifier: Apache-2.0 */
/* One delivery: a request or a mail. */
#include <stdio.h>

#include "outside/outbox_parts.h"

#define TELEGRAM "https://api.telegram.org"
#define WEBEX "https://webexapis.com/v1/messages"

/* What fails at once is told later: whoever asked goes over the list. */
static void failed(struct defer *d)
{
    struct post *p = d->data;
    deliver_done(p, p->err, p->again, -1);
}

static void fail(struct post *p, const struct error *err)
{
    error_keep(&p->err, err);
    p->again = err->code == ERR_NOMEM;
    p->soon = (struct defer){.call = failed, .data = p};
    defer_call(p->outbox->outside->soon, &p->soon);
}

/* ---- mail ---- */

static void on_thread(struct work *work)
{
    struct post *p = (struct post *)((char *)work - offsetof(struct post, work));
    struct error err;
    error_keep(&p->err, mail_send(&p->mail, &err) ? &err : NULL);
}

static void after_thread(struct work *work)
{
    struct post *p = (struct post *)((char *)work - offsetof(struct post, work));
    struct outside *o = p->outbox->outside;
    bool never = p->err && (p->err->code == ERR_INVALID || p->err->code == ERR_REFUSED);
    deliver_done(p, p->err, !never, -1);
    outside_was_closed(o);
}

static void send_mail(struct post *p, bool trusted)
{
    struct outside *o = p->outbox->outside;
    p->mail = (struct mail){.config = &o->config,
                            .notice = &p->whole,
                            .id = p->key,
                            .date = p->notice.created / 1000000,
                            .trusted = trusted};
    outside_opened(o);
    work_start(o->loop, &p->work, on_thread, after_thread);
}

/* ---- requests ---- */

static void came(void *data, const struct web_answer *answer, const struct error *err)
{
    struct post *p = data;
    struct error own;
    p->request = NULL;
    if (err) {
        deliver_done(p, err, err->code != ERR_REFUSED && err->code != ERR_INVALID, -1);
        return;
    }
    int s = answer->status;
    if (s >= 200 && s < 300) {
        deliver_done(p, NULL, false, -1);
        return;
    }
    bool again = s >= 500 || s == 408 || s == 425 || s == 429;
    error_set_status(&own, ERR_HTTP, s, "%s: the server answered %d", notice_type_name(p->whole.type), s);
    deliver_done(p, &own, again, answer->retry_after_ms);
}

static void url_of(const struct notice *n, struct buf *url)
{
    const struct buf *given = &n->parts[PART_URL];
    if (n->type == NOTICE_TELEGRAM) {
        buf_add_str(url, given->len ? buf_str(given) : str_of(TELEGRAM));
        buf_puts(url, "/bot");
        buf_add_str(url, buf_str(&n->parts[PART_TOKEN]));
        buf_puts(url, "/sendMessage");
    } else if (n->type == NOTICE_WEBEX && !given->len) {
        buf_puts(url, WEBEX);
    } else {
        buf_add_str(url, buf_str(given));
    }
}

static void send_request(struct post *p, bool trusted)
{
    const struct notice *n = &p->whole;
    struct buf url = BUF_INIT, body = BUF_INIT, bearer = BUF_INIT;
    struct web_header headers[2] = {{str_of("Content-Type"), str_of("application/json")}};
    url_of(n, &url);
    notice_body(n, &body);
    buf_puts(&bearer, "Bearer ");
    buf_add_str(&bearer, buf_str(&n->parts[PART_TOKEN]));
    headers[1] = (struct web_header){str_of("Authorization"), buf_str(&bearer)};
    bool tells = n->parts[PART_TOKEN].len && n->type != NOTICE_TELEGRAM;
    const struct buf *policy = &n->parts[PART_POLICY];
    struct web_call call = {.method = "POST",
                            .url = buf_str(&url),
                            .headers = headers,
                            .header_count = tells ? 2 : 1,
                            .body = buf_str(&body),
                            .user = n->parts[PART_USER].len ? buf_str(&n->parts[PART_USER]) : str_of(NULL),
                            .password = buf_str(&n->parts[PART_PASSWORD]),
                            .body_max = 65536,
                            .trusted = trusted,
                            .no_redirects = true,
                            .policy = policy->len ? policy->ptr : "",
                            .done = came,
                            .data = p};
    struct error err;
    int rc = url.failed || body.failed || bearer.failed ? error_nomem(&err)
                                                        : web_start(p->outbox->outside, &call, &p->request, &err);
    buf_free(&url);
    buf_free(&body);
    buf_free(&bearer);
    if (rc)
        fail(p, &err);
}

/* ---- in a test ---- */

static void stands_in(struct defer *d)
{
    struct post *p = d->data;
    const struct outside_stand_in *s = p->outbox->outside->config.stand_in;
    s->told(s->data, &p->notice);
    deliver_done(p, NULL, false, -1);
}

/* ---- both ---- */

void deliver(struct post *p)
{
    const struct outside *o = p->outbox->outside;
    const struct buf *name = &p->notice.parts[PART_SINK];
    const struct outbox_sink *sink = NULL;
    for (size_t i = 0; i < o->config.sink_count && name->len && !sink; i++)
        sink = strcmp(o->config.sinks[i].name, name->ptr) == 0 ? &o->config.sinks[i] : NULL;
    struct error err;
    int rc = 0;
    error_keep(&p->err, NULL);
    if (o->config.stand_in) {
        p->soon = (struct defer){.call = stands_in, .data = p};
        defer_call(o->soon, &p->soon);
        return;
    }
    if (name->len && !sink)
        rc = error_set(&err, ERR_NOT_FOUND, "the configuration has no sink \"%s\" any more", name->ptr);
    notice_free(&p->whole);
    p->whole.type = sink ? sink->notice.type : p->notice.type;
    for (int i = 0; i < NOTICE_PARTS; i++)
        buf_add_str(&p->whole.parts[i], buf_str(&p->notice.parts[i]));
    if (!rc && sink)
        rc = notice_fill(&p->whole, &sink->notice, &err);
    if (!rc)
        rc = notice_check(&p->whole, &err);
    if (rc)
        fail(p, &err);
    else if (p->whole.type == NOTICE_EMAIL)
        send_mail(p, sink != NULL);
    else
        send_request(p, sink != NULL);
}

void deliver_stop(struct post *p)
{
    atomic_store(&p->mail.stop, true);
    if (p->request)
        web_cancel(p->request);
}
