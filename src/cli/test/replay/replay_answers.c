/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a run that is done again, and what the recording knows of their answers. */
#include "cli/test/replay/replay_answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "cli/test/replay/replay_jobs.h"
#include "json/write.h"

struct recorded_change {
    char key[600];
    int64_t now, status;
    bool again, failed, used;
    bool only_read; /* by the script; else it was changed */
    bool overtaken; /* the request of the object as it was before another writer was refused */
    char reason[ERROR_REASON_MAX];
    struct json error;
    struct str sent, got, read;
};

static int add(struct replay_answers *a, const struct record_entry *e, bool only_read, struct error *err)
{
    struct recorded_change *more = grown(a->changes, a->count, &a->cap, sizeof *more, 64);
    if (!more)
        return error_nomem(err);
    a->changes = more;
    struct recorded_change *c = &a->changes[a->count++];
    *c = (struct recorded_change){.again = json_is_true(json_get(e->head, "again")),
                                  .error = json_get(e->head, "error"),
                                  .sent = e->bytes[0],
                                  .got = e->bytes[1],
                                  .read = e->bytes[2]};
    c->only_read = only_read;
    if (only_read) {
        c->read = c->sent;
        c->sent = (struct str){0};
    }
    json_string_at(e->head, "/key", c->key, sizeof c->key);
    json_string_at(e->head, "/reason", c->reason, sizeof c->reason);
    json_int64(json_get(e->head, "now"), &c->now);
    json_int64(json_get(e->head, "status"), &c->status);
    c->failed = json_type(c->error) == JSON_STRING;
    return 0;
}

int replay_answers_open(struct replay_answers *a, struct str recording, struct error *err)
{
    struct record_entry e;
    char kind[16];
    int rc = 0;
    *a = (struct replay_answers){0};
    for (size_t at = 0; !rc && record_next(recording, &at, &e);) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        bool only_read = strcmp(kind, "read") == 0;
        if (only_read || strcmp(kind, "change") == 0)
            rc = add(a, &e, only_read, err);
    }
    return rc;
}

void replay_answers_close(struct replay_answers *a)
{
    free(a->changes);
    a->changes = NULL;
}

/* ---- what a request is about ---- */

/* "/apis/kubeflow.org/v2beta1/namespaces/train/mpijobs/a?..." is of the job "train/a", and of "mpijobs.kubeflow.org
 * train/a". False: it is of no object. */
static bool read_target(const char *target, char job[600], char object[600])
{
    char path[1200], *part[8] = {0}, *rest = path;
    size_t n = 0;
    snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target);
    while (n < 8 && rest && (rest = strchr(rest, '/'))) {
        *rest++ = '\0';
        part[n++] = rest;
    }
    bool core = n && strcmp(part[0], "api") == 0; /* /api/v1/namespaces/NS/pods/NAME */
    size_t at = core ? 2 : 3;
    const char *dot = core ? "" : ".", *group = core ? "" : part[1];
    if ((!core && (!n || strcmp(part[0], "apis") != 0)) || (n != at + 2 && n != at + 4))
        return false;
    *job = '\0';
    if (n == at + 2) /* it is in no namespace */
        return snprintf(object, 600, "%s%s%s %s", part[at], dot, group, part[at + 1]) < 600;
    return strcmp(part[at], "namespaces") == 0 && snprintf(job, 600, "%s/%s", part[at + 1], part[at + 3]) < 600 &&
           snprintf(object, 600, "%s%s%s %s/%s", part[at + 2], dot, group, part[at + 1], part[at + 3]) < 600;
}

/* Of the versions that are served, and of what we may do: the simulator knows that. */
static bool is_discovery(const char *method, const char *target)
{
    size_t slashes = 0;
    for (const char *p = target; *p && *p != '?'; p++)
        slashes += *p == '/';
    bool list = strncmp(target, "/apis/", 6) == 0 ? slashes > 3 : strncmp(target, "/api/", 5) == 0 && slashes > 2;
    return (strcmp(method, "GET") == 0 && !list) || strstr(target, "/authorization.k8s.io/") ||
           strstr(target, "/apiextensions.k8s.io/");
}

/* ---- answering ---- */

static void answer(struct http_request *request, int status, struct str body)
{
    http_carried_head(request, "Content-Type", "application/json");
    http_carried_status(request, status);
    http_carried_body(request, body.ptr, body.len);
    http_carried_over(request, 0);
}

static void refuse(struct http_request *request, int status, const char *reason, struct str message)
{
    struct buf body = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &body);
    json_write_object(&w);
    json_write_key(&w, "kind");
    json_write_string(&w, "Status");
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "v1");
    json_write_key(&w, "status");
    json_write_string(&w, "Failure");
    json_write_key(&w, "message");
    json_write_str(&w, message);
    json_write_key(&w, "reason");
    json_write_string(&w, reason);
    json_write_key(&w, "code");
    json_write_int(&w, status);
    json_write_end(&w);
    answer(request, status, buf_str(&body));
    buf_free(&body);
}

static void unanswered(struct replay_answers *a, struct http_request *request, const char *method, const char *target)
{
    char text[512];
    if (!*a->unanswered)
        snprintf(a->unanswered, sizeof a->unanswered, "%s %.*s", method, (int)strcspn(target, "?"), target);
    snprintf(text, sizeof text, "the recording of run %lld has no answer to %s %.300s", (long long)a->run, method,
             target);
    refuse(request, 403, "Forbidden", str_of(text));
}

/* Of this object: the first that comes; or with `used` the last of those that were. reads: those that were only read
 * count, too. */
static struct recorded_change *find(struct replay_answers *a, const char *job, const char *object, bool used,
                                    bool reads)
{
    struct recorded_change *found = NULL;
    for (size_t i = 0; i < a->count && (used || !found); i++) {
        struct recorded_change *c = &a->changes[i];
        bool here = strcmp(c->key, job) == 0 || strcmp(c->key, object) == 0;
        if (here && c->used == used && (reads || !c->only_read))
            found = c;
    }
    return found;
}

/* As the server refused it, or did not answer. */
static void fail_again(struct http_request *request, const struct recorded_change *c)
{
    struct buf message = BUF_INIT;
    json_decode(c->error, &message);
    if (c->status)
        refuse(request, (int)c->status, c->reason, buf_str(&message));
    else
        http_carried_over(request, ERR_UNREACHABLE);
    buf_free(&message);
}

/* The object is read by the script, before it is written, or after another writer was faster. */
static void read_object(struct replay_answers *a, struct http_request *request, const char *job, const char *object)
{
    struct recorded_change *next = find(a, job, object, false, true), *last = find(a, job, object, true, false);
    if (last && last->again && last->got.len) {
        answer(request, 200, last->got);
    } else if (next && next->only_read && next->failed) {
        next->used = next->status != 0; /* else it is asked again */
        fail_again(request, next);
    } else if (next && next->read.len) {
        next->used = next->only_read;
        answer(request, 200, next->read);
    } else {
        unanswered(a, request, "GET", http_carried_target(request));
    }
}

/* Was the object written, by another writer, between what this request is made from and what the change has then
 * read itself? */
static bool is_overtaken(const struct recorded_change *c, struct str sent)
{
    static const char place[] = "/metadata/resourceVersion";
    struct json body, read;
    char from[128], to[128];
    return c->read.len && !c->overtaken && json_parse(sent, "", &body, NULL) == 0 &&
           json_parse(c->read, "", &read, NULL) == 0 && json_string_at(body, place, from, sizeof from) == 0 &&
           json_string_at(read, place, to, sizeof to) == 0 && strcmp(from, to) != 0;
}

static void write_object(struct replay_answers *a, struct http_request *request, const char *method, const char *job,
                         const char *object)
{
    struct recorded_change *c = find(a, job, object, false, false);
    struct str sent = http_carried_sent_body(request);
    if (c && a->jobs->over)
        replay_clock(a->clock, c->now);
    if (c && c->again) { /* it was changed by another writer meanwhile */
        c->used = true;
        refuse(request, 409, "Conflict", str_of("the object has been modified; as it was in the recorded run"));
    } else if (c && is_overtaken(c, sent)) { /* now the object is read, and written once more */
        c->overtaken = true;
        refuse(request, 409, "Conflict", str_of("the object has been modified; as it was in the recorded run"));
    } else if (c && c->failed && (c->status || c->sent.len)) {
        fail_again(request, c);
    } else if (c && c->got.len && str_eq(c->sent, sent)) {
        c->used = true;
        answer(request, 200, c->got);
    } else if (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0) { /* another one than then: it is kept */
        if (c)
            c->used = true;
        answer(request, 200, sent);
    } else {
        unanswered(a, request, method, http_carried_target(request));
    }
}

bool replay_answer(void *data, struct http_request *request)
{
    struct replay_answers *a = data;
    const char *method = http_carried_method(request), *target = http_carried_target(request);
    char job[600], object[600];
    if (!a->begun || is_discovery(method, target))
        return false;
    if (!read_target(target, job, object))
        unanswered(a, request, method, target);
    else if (strcmp(method, "GET") == 0)
        read_object(a, request, job, object);
    else
        write_object(a, request, method, job, object);
    return true;
}
