/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for one kind after the other, where the asker has not said which; two that have the name are an error, as nobody
 * knows which one is meant. */
#include "jobs/job_find.h"

#include <stdlib.h>

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost);

static const struct mpijob_kind *kind_at(const struct job_find *f)
{
    return f->kind ? f->kind : f->policy->kinds.of[f->at].kind;
}

static bool is_last(const struct job_find *f)
{
    return f->kind || f->at + 1 >= f->policy->kinds.count;
}

/* Of a list of kinds, one that the server does not have has no job of the name either. */
static int ask(struct job_find *f, struct error *err)
{
    int rc;
    for (;; f->at++) {
        rc = cluster_serves(f->cluster, kind_at(f), err);
        if (!rc || rc != ERR_NOT_FOUND || is_last(f))
            break;
    }
    struct kube_call call = {.resource = cluster_resource(f->cluster, kind_at(f)),
                             .name_space = f->name_space,
                             .name = f->name,
                             .seat.rank = SEAT_PERSON,
                             .timeout_ms = f->timeout_ms,
                             .done = got,
                             .data = f};
    return rc ? rc : kube_get(cluster_kube(f->cluster), &call, &f->request, err);
}

static void end(struct job_find *f, const struct error *err)
{
    char *object = f->object;
    f->object = NULL;
    if (err) {
        free(object);
        object = NULL;
    }
    f->found(f, object, f->len, err);
}

static void nowhere(struct job_find *f)
{
    struct error err;
    struct buf names = BUF_INIT;
    bool one = f->kind || f->policy->kinds.count == 1;
    if (!one)
        policy_kinds_names(&f->policy->kinds, NULL, NULL, &names);
    error_set_status(&err, ERR_NOT_FOUND, 404, "there is no %s \"%s\" in namespace \"%s\"%s%s%s",
                     one ? mpijob_kind_info(kind_at(f))->name : "job", f->name, f->name_space,
                     names.len ? " among the " : "", names.len ? names.ptr : "",
                     names.len ? " that the policy is about" : "");
    buf_free(&names);
    f->absent = true;
    end(f, &err);
}

static void go_on(struct job_find *f)
{
    struct error err;
    if (!is_last(f)) {
        f->at++;
        int rc = ask(f, &err);
        if (!rc)
            return;
        if (rc != ERR_NOT_FOUND) {
            end(f, &err);
            return;
        }
    }
    if (f->object)
        end(f, NULL);
    else
        nowhere(f);
}

static void twice(struct job_find *f)
{
    struct error err;
    const struct mpijob_kind *a = f->of, *b = kind_at(f);
    error_set(&err, ERR_INVALID, "%s/%s is %s %s and %s %s; say which one, as in %s/%s/%s", f->name_space, f->name,
              a->article, a->name, b->article, b->name, a->singular, f->name_space, f->name);
    end(f, &err);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    struct job_find *f = data;
    struct error why;
    (void)lost;
    f->request = NULL;
    bool several = !f->kind && f->policy->kinds.count > 1;
    if (err && err->code == ERR_NOT_FOUND && (!err->no_path || several)) {
        go_on(f);
    } else if (err) {
        end(f, err);
    } else if (f->object) {
        twice(f);
    } else if (answer && !(f->object = kube_answer_take(request, &f->len))) {
        error_nomem(&why);
        end(f, &why);
    } else {
        f->of = mpijob_kind_info(kind_at(f));
        go_on(f);
    }
}

int job_find_start(struct job_find *f, struct error *err)
{
    return ask(f, err);
}

void job_find_cancel(struct job_find *f)
{
    if (f->request)
        kube_cancel(f->request);
}
