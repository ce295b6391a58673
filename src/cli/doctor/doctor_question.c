/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the checks, and what of their answers is kept. */
#include "cli/doctor/doctor_question.h"

#include "kube/access_review.h"

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct question *q = data;
    (void)request, (void)lost;
    if (answer) {
        q->status = answer->status;
        q->allowed = json_is_true(json_at(answer->body, "/status/allowed"));
        json_string_at(answer->body, "/status/userInfo/username", q->user, sizeof q->user);
    } else {
        q->status = err->status;
        q->error = *err;
    }
    if (--*q->waiting == 0)
        q->d->s.flag = true;
}

void question_ask(struct question *q, const char *method, const char *path, struct str body)
{
    struct doctor *d = q->d;
    struct kube_call call = {
        .method = method, .path = path, .body = body, .timeout_ms = d->timeout_ms, .done = came, .data = q};
    ++*q->waiting;
    if (kube_send(cluster_kube(d->s.cluster), &call, NULL, &q->error) && --*q->waiting == 0)
        d->s.flag = true;
}

void question_review(struct question *q, const char *verb, const char *group, const char *resource, const char *name)
{
    struct buf body = BUF_INIT;
    const struct access_review review = {verb, group, resource, name, q->name_space};
    access_review_write(&review, &body);
    if (body.failed)
        error_nomem(&q->error);
    else
        question_ask(q, "POST", ACCESS_REVIEW_PATH, buf_str(&body));
    buf_free(&body);
}

void question_wait(struct doctor *d, const size_t *waiting)
{
    if (*waiting) {
        d->s.flag = false;
        session_wait(&d->s);
    }
    d->s.flag = false;
}
