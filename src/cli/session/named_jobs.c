/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs for a command: got by name, or listed; and their pods, counted. */
#include "cli/session/named_jobs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/grown.h"
#include "cli/terminal/progress.h"
#include "cluster/pod_list.h"
#include "jobs/listing.h"

struct finding {
    struct session *s;
    struct jobs *jobs;
    char *bytes; /* of a get */
    size_t len;
    struct error err; /* code 0: none */
};

/* Takes the bytes over. */
static int add(struct session *s, struct jobs *jobs, char *bytes, size_t len)
{
    struct json root;
    struct found_job *items = grown(jobs->items, jobs->count, &jobs->cap, sizeof *items, 64);
    if (!items) {
        free(bytes);
        return error_nomem(&s->error);
    }
    jobs->items = items;
    struct found_job *job = &jobs->items[jobs->count];
    *job = (struct found_job){.bytes = bytes, .len = len};
    int rc = json_parse(str_n(bytes, len), "the answer", &root, &s->error);
    if (!rc)
        rc = mpijob_view(root, cluster_target(s->cluster, s->options.job_kind), &job->view, &s->error);
    if (rc)
        free(bytes);
    else
        jobs->count++;
    return rc;
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)lost;
    struct finding *f = data;
    if (err)
        f->err = *err;
    else if (answer && !(f->bytes = kube_answer_take(request, &f->len)))
        error_nomem(&f->err);
    f->s->flag = true;
}

/* ---- is the namespace there? ---- */

static void asked(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                  bool lost)
{
    (void)request;
    (void)answer;
    (void)lost;
    struct finding *f = data;
    f->err = err ? *err : (struct error){0};
    f->s->flag = true;
}

int namespace_check(struct session *s)
{
    static const struct kube_resource namespaces = {"", "v1", "namespaces"};
    struct finding f = {.s = s};
    struct kube_request *request;
    struct kube_call call = {.resource = &namespaces, .name = s->options.name_space, .done = asked, .data = &f};
    if (!s->options.name_space || kube_get(cluster_kube(s->cluster), &call, &request, &s->error))
        return 0;
    session_wait(s);
    if (f.err.code != ERR_NOT_FOUND)
        return 0;
    error_set(&s->error, ERR_NOT_FOUND, "there is no namespace \"%s\"", s->options.name_space);
    return session_fail(s, &s->error);
}

/* ---- by name ---- */

/* Where the first name may have been meant as a kind: that there is no such kind, and which there are. Else "". */
static const char *no_kind(const struct session *s, struct error *unknown)
{
    if (s->options.kind || s->options.job_kind != KIND_MPIJOB)
        return "";
    mpijob_kind_unknown(s->options.arguments[0], unknown);
    return unknown->message;
}

static int by_name(struct finding *f, const char *name)
{
    struct session *s = f->s;
    struct kube_request *request;
    f->bytes = NULL;
    error_clear(&f->err);
    if (cluster_serves(s->cluster, s->options.job_kind, &s->error))
        return session_fail(s, &s->error);
    struct kube_call call = {.resource = cluster_resource(s->cluster, s->options.job_kind),
                             .name_space = s->namespaces ? s->namespaces[0] : "default",
                             .name = name,
                             .done = got,
                             .data = f};
    if (kube_get(cluster_kube(s->cluster), &call, &request, &s->error))
        return session_fail(s, &s->error);
    session_wait(s);
    if (f->err.code == ERR_NOT_FOUND && !f->err.no_path) {
        f->jobs->missing++;
        struct error unknown;
        bool first = name == s->options.arguments[0] && s->options.argument_count > 1;
        const char *note = first ? no_kind(s, &unknown) : "";
        error_set(&s->error, ERR_NOT_FOUND,
                  "%s in namespace \"%s\"; another namespace is named by -n, or as NAMESPACE/NAME%s%s", f->err.message,
                  call.name_space, *note ? "; " : "", note);
        session_fail(s, &s->error);
        error_clear(&s->error);
        return 0;
    }
    if (f->err.code)
        return session_fail(s, &f->err);
    return add(s, f->jobs, f->bytes, f->len) ? session_fail(s, &s->error) : 0;
}

/* ---- by list, with a line on the terminal where it is long ---- */

struct listed {
    struct session *s;
    struct progress progress;
};

static void ready(void *data)
{
    ((struct listed *)data)->s->flag = true;
}

static void page_came(void *data, size_t given, size_t in_all)
{
    progress_jobs(&((struct listed *)data)->progress, given, in_all);
}

/* What is wrong is in s->error then. */
static int each(struct session *s, struct listing *listing, jobs_visit visit, void *data)
{
    struct str object;
    for (;;) {
        switch (listing_next(listing, &object)) {
        case LISTING_JOB:
            if (visit(data, object))
                return EXIT_FAILED;
            break;
        case LISTING_WAIT:
            session_wait(s);
            break;
        case LISTING_ERROR:
            s->error = *listing_error(listing);
            return EXIT_FAILED;
        case LISTING_END:
            return 0;
        }
    }
}

int jobs_each(struct session *s, struct mpijob_match *match, jobs_visit visit, void *data)
{
    if (s->options.selector && mpijob_match_labels(match, s->options.selector, &s->error)) {
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    struct site site = session_site(s);
    struct listed l = {.s = s};
    struct listing_call call = {
        .site = &site,
        .kind = s->options.job_kind,
        .match = match,
        .ready = ready,
        .page = page_came,
        .data = &l,
    };
    progress_begin(&l.progress);
    s->log.unfinished = &l.progress.on;
    struct listing *listing = listing_new(&call, &s->error);
    int code = listing ? each(s, listing, visit, data) : EXIT_FAILED;
    listing_free(listing);
    progress_end(&l.progress);
    s->log.unfinished = NULL;
    if (code)
        session_fail(s, &s->error);
    s->flag = false;
    return code;
}

static int keep(void *data, struct str object)
{
    struct finding *f = data;
    char *bytes = str_dup(object);
    return bytes ? add(f->s, f->jobs, bytes, object.len) : error_nomem(&f->s->error);
}

static int by_selector(struct finding *f)
{
    struct mpijob_match *match = mpijob_match_new();
    if (match && f->jobs->deleting)
        mpijob_match_deleting(match, DELETING_TOO);
    int code = match ? jobs_each(f->s, match, keep, f) : session_fail(f->s, (error_nomem(&f->s->error), &f->s->error));
    mpijob_match_free(match);
    return code || f->jobs->count ? code : namespace_check(f->s);
}

int jobs_need_namespace(struct session *s)
{
    struct error unknown;
    const char *note = no_kind(s, &unknown);
    fprintf(stderr, "mpijobd %s: %s%sa name needs its namespace: -n NAMESPACE instead of -A\n", s->command, note,
            *note ? "; and " : "");
    return EXIT_USAGE;
}

int jobs_look_up(struct session *s, struct jobs *jobs)
{
    struct finding f = {.s = s, .jobs = jobs};
    if (!s->options.argument_count)
        return by_selector(&f);
    if (!s->namespaces)
        return jobs_need_namespace(s);
    for (int i = 0; i < s->options.argument_count; i++) {
        int code = by_name(&f, s->options.arguments[i]);
        if (code)
            return code;
    }
    if (jobs->missing && !jobs->count)
        namespace_check(s);
    return jobs->missing ? EXIT_FAILED : 0;
}

void jobs_release(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        free(jobs->items[i].bytes);
    free(jobs->items);
    *jobs = (struct jobs){0};
}

/* ---- their pods ---- */

struct counting {
    struct session *s;
    struct error *why;
    bool failed;
};

static void counted(void *data, const struct error *err)
{
    struct counting *c = data;
    c->failed = err != NULL;
    if (err)
        *c->why = *err;
    c->s->flag = true;
}

struct mpijob_pods *pods_count(struct session *s, struct error *why)
{
    struct counting c = {.s = s, .why = why};
    struct mpijob_pods *pods = mpijob_pods_new((const char *const *)s->config.gpu_resources);
    struct pod_list *list;
    struct pod_list_call call = {
        .cluster = s->cluster,
        .kind = s->options.job_kind,
        .namespaces = (const char *const *)s->namespaces,
        .pods = pods,
        .done = counted,
        .data = &c,
    };
    if (!pods) {
        error_nomem(why);
        return NULL;
    }
    mpijob_pods_of_kind(pods, s->options.job_kind);
    c.failed = pod_list_start(&call, &list, why) != 0;
    if (!c.failed)
        session_wait(s);
    if (!c.failed)
        return pods;
    mpijob_pods_free(pods);
    return NULL;
}
