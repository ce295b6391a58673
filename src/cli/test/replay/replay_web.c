/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of web servers, found by what was asked. */
#include "cli/test/replay/replay_web.h"

#include <stdlib.h>
#include <string.h>

#include "base/grown.h"

struct recorded_web {
    char method[16];
    struct buf url;
    int64_t status, code;
    struct json error, reason;
    bool secret, used;
    struct str body, headers, sent;
};

static int add(struct replay_web *web, const struct record_entry *e, struct error *err)
{
    struct recorded_web *more = grown(web->items, web->count, &web->cap, sizeof *more, 16);
    if (!more)
        return error_nomem(err);
    web->items = more;
    struct recorded_web *r = &web->items[web->count++];
    *r = (struct recorded_web){.secret = json_is_true(json_get(e->head, "secret")),
                               .error = json_get(e->head, "error"),
                               .reason = json_get(e->head, "reason"),
                               .body = e->bytes[0],
                               .headers = e->bytes[1],
                               .sent = e->bytes[2]};
    json_string_at(e->head, "/method", r->method, sizeof r->method);
    json_int64(json_get(e->head, "status"), &r->status);
    json_int64(json_get(e->head, "code"), &r->code);
    return json_decode(json_get(e->head, "url"), &r->url) ? 0 : error_nomem(err);
}

int replay_web_open(struct replay_web *web, struct str recording, struct error *err)
{
    struct record_entry e;
    char kind[16];
    int rc = 0;
    *web = (struct replay_web){0};
    for (size_t at = 0; !rc && record_next(recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if (strcmp(kind, "web") == 0)
            rc = add(web, &e, err);
    }
    return rc;
}

void replay_web_close(struct replay_web *web)
{
    for (size_t i = 0; i < web->count; i++)
        buf_free(&web->items[i].url);
    free(web->items);
    *web = (struct replay_web){0};
}

/* The error as it was; what is not known by its code was an answer that nobody could read. */
static void give_error(const struct recorded_web *r, struct error *err)
{
    struct buf text = BUF_INIT;
    json_decode(r->error, &text);
    error_set(err, r->code < 0 ? (int)r->code : ERR_UNREACHABLE, "%s", text.ptr ? text.ptr : "");
    json_string_at(r->reason, "", err->reason, sizeof err->reason);
    buf_free(&text);
}

bool replay_web_find(struct replay_web *web, const char *method, struct str url, const char *path, struct str sent,
                     struct replay_web_answer *answer, struct error *err)
{
    for (size_t i = 0; i < web->count; i++) {
        struct recorded_web *r = &web->items[i];
        bool same = path ? str_ends(buf_str(&r->url), path) : str_eq(buf_str(&r->url), url);
        if (r->used || !same || strcmp(r->method, method) != 0 || (!r->secret && !str_eq(r->sent, sent)))
            continue;
        r->used = true;
        error_clear(err);
        if (r->secret) {
            error_set(err, ERR_REFUSED, "%s %.*s went with a secret, so its answer is not in the recording", method,
                      (int)url.len, url.ptr);
            return false;
        }
        if (json_type(r->error) == JSON_STRING)
            give_error(r, err);
        *answer = (struct replay_web_answer){(int)r->status, r->headers, r->body};
        return true;
    }
    error_set(err, ERR_REFUSED, "%s %.*s is not in the recording", method, (int)url.len, url.ptr);
    return false;
}
