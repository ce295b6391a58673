/* SPDX-License-Identifier: Apache-2.0 */
/* Requests answered by the stubs of a spec, and notifications that arrive. */
#include "cli/test/stand_in.h"

#include <stdlib.h>
#include <string.h>

#include "cli/test/replay/replay_web.h"
#include "outside/secrets.h"
#include "outside/web.h"

#define PROMETHEUS "http://prometheus.test"

struct stub {
    struct stub *next;
    char *method, *url, *sent, *fail; /* NULL: any; fail NULL: it is answered */
    int64_t status, times;            /* times: how often it answers still; -1: any number */
    struct buf headers, body;
};

static void stub_free(struct stub *s)
{
    free(s->method);
    free(s->url);
    free(s->sent);
    free(s->fail);
    buf_free(&s->headers);
    buf_free(&s->body);
    free(s);
}

static bool fits(const struct stub *s, const char *method, struct str url, const struct web_text *text)
{
    return s->times != 0 && (!s->method || strcmp(s->method, method) == 0) && str_glob(s->url, url) &&
           (!s->sent || str_glob(s->sent, buf_str(&text->body)));
}

static int fail(const struct stub *s, const char *method, const struct buf *url, struct error *err)
{
    int code = strcmp(s->fail, "timeout") == 0 ? ERR_TIMEOUT : ERR_UNREACHABLE;
    return error_set(err, code, "%s %s: %s", method, url->ptr,
                     code == ERR_TIMEOUT ? "no answer came in time" : "the server cannot be reached");
}

/* Of a run that is done again. The servers of `prometheus` have other names here. */
static int asked_again(struct stand_in *in, const char *method, struct str url, const struct web_text *text,
                       struct web_answer *answer, struct error *err)
{
    struct replay_web_answer found;
    const char *path = str_starts(url, PROMETHEUS) ? url.ptr + strlen(PROMETHEUS) : NULL;
    if (!replay_web_find(in->recorded, method, url, path, buf_str(&text->body), &found, err)) {
        if (!in->unanswered)
            in->unanswered = str_dup(str_of(err->message));
        return err->code;
    }
    *answer = (struct web_answer){.status = found.status,
                                  .body = found.body,
                                  .headers = found.headers.len ? found.headers.ptr : "",
                                  .retry_after_ms = -1};
    return err->code;
}

static int asked(void *data, const char *policy, const char *method, const struct web_text *text,
                 struct web_answer *answer, struct error *err)
{
    struct stand_in *in = data;
    struct stub *s = in->stubs;
    struct buf url = BUF_INIT;
    int rc = 0;
    secret_show(&url, buf_str(&text->url));
    if (in->recorded) {
        rc = asked_again(in, method, buf_str(&url), text, answer, err);
        buf_free(&url);
        return rc;
    }
    while (s && !fits(s, method, buf_str(&url), text))
        s = s->next;
    records_request(in->records, policy, method, text, s && !s->fail ? (int)s->status : 0);
    if (!s) {
        rc = error_set(err, ERR_REFUSED,
                       "%s %s: a test asks no web server, and nothing stands in for this one; add http.stub { url = "
                       "\"%s\", status = 200, body = \"...\" } to the spec",
                       method, url.ptr, url.ptr);
        if (!in->unanswered && err)
            in->unanswered = str_dup(str_of(err->message));
    } else {
        s->times -= s->times > 0;
        *answer = (struct web_answer){.status = (int)s->status,
                                      .body = buf_str(&s->body),
                                      .headers = s->headers.ptr ? s->headers.ptr : "",
                                      .retry_after_ms = -1};
        rc = s->fail ? fail(s, method, &url, err) : 0;
    }
    buf_free(&url);
    return rc;
}

static void told(void *data, const struct notice *notice)
{
    struct stand_in *in = data;
    records_notice(in->records, notice);
}

void stand_in_open(struct stand_in *in)
{
    *in = (struct stand_in){.seam = {.asked = asked, .told = told, .data = in}};
    in->prometheus = (struct outbox_sink){.name = (char *)"test"};
    buf_puts(&in->prometheus.notice.parts[PART_URL], PROMETHEUS);
}

void stand_in_clear(struct stand_in *in)
{
    in->records = NULL;
    while (in->stubs) {
        struct stub *s = in->stubs;
        in->stubs = s->next;
        stub_free(s);
    }
    free(in->unanswered);
    in->unanswered = NULL;
}

void stand_in_close(struct stand_in *in)
{
    stand_in_clear(in);
    notice_free(&in->prometheus.notice);
}

static char *text_of(struct json stub, const char *key)
{
    struct buf text = BUF_INIT;
    return json_decode(json_get(stub, key), &text) ? buf_take(&text, NULL) : (buf_free(&text), NULL);
}

int stand_in_add(struct stand_in *in, struct json stub, struct error *err)
{
    struct stub *s = calloc(1, sizeof *s);
    if (!s)
        return error_nomem(err);
    *s = (struct stub){.method = text_of(stub, "method"),
                       .url = text_of(stub, "url"),
                       .sent = text_of(stub, "sent"),
                       .fail = text_of(stub, "fail"),
                       .status = 200,
                       .times = -1};
    json_int64(json_get(stub, "status"), &s->status);
    json_int64(json_get(stub, "times"), &s->times);
    json_decode(json_get(stub, "body"), &s->body);
    for (struct json_iter it = json_iter(json_get(stub, "headers")); json_next(&it);) {
        json_decode(it.key, &s->headers);
        buf_putc(&s->headers, '\0');
        json_decode(it.value, &s->headers);
        buf_putc(&s->headers, '\0');
    }
    buf_putc(&s->headers, '\0');
    if (!s->url || s->headers.failed || s->body.failed) {
        stub_free(s);
        return error_nomem(err);
    }
    s->next = in->stubs;
    in->stubs = s;
    return 0;
}
