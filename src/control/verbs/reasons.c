/* SPDX-License-Identifier: Apache-2.0 */
/* Why a policy acts on a job, or does not, as the daemon knows it. */
#include "why/why.h"

#include <stdlib.h>
#include <string.h>

#include "control/verbs/parts.h"
#include "engine/engine.h"
#include "mpijob/kind.h"
#include "why/gather.h"

struct asked {
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    struct why_request *why;
    bool text, colour; /* for people, too */
};

static void gone(void *data, struct control_request *request)
{
    struct asked *a = data;
    (void)request;
    a->request = NULL;
    why_cancel(a->why);
}

/* The tree, and the same as a text. */
static void answer(const struct asked *a, const struct why *why)
{
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct json_writer w;
    struct error err;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "tree");
    why_json(why, false, &w);
    if (a->text) {
        why_text(why, a->colour, &text);
        write_text(&w, "text", text.ptr);
    }
    if (text.failed || why->full) {
        error_nomem(&err);
        control_fail(a->request, &err);
        buf_free(&out);
    } else {
        answer_with(a->request, &w);
    }
    buf_free(&text);
}

static void told(void *data, struct why *why, const struct error *err)
{
    struct asked *a = data;
    struct verbs *v = a->verbs;
    if (a->request && err)
        control_fail(a->request, err);
    else if (a->request)
        answer(a, why);
    if (why)
        why_free(why);
    free(why);
    free(a);
    verbs_release(v);
}

/* "NAME" or "NAMESPACE/NAME". */
static bool split(char *job, const char **name_space, const char **name)
{
    char *slash = strchr(job, '/');
    *name_space = NULL;
    *name = job;
    if (slash) {
        *slash = '\0';
        *name_space = job;
        *name = slash + 1;
    }
    return **name && !strchr(*name, '/') && (!*name_space || **name_space);
}

static int ask(struct asked *a, struct json args, struct error *err)
{
    char policy[320], job[600], cluster[320], kind[64];
    const struct mpijob_kind *of;
    struct engine_why call = {
        .policy = args_text(args, "policy", policy, sizeof policy),
        .cluster = args_text(args, "cluster", cluster, sizeof cluster),
        .daemon = true,
        .reviews = true,
        .done = told,
        .data = a,
    };
    bool named = call.policy && args_text(args, "job", job, sizeof job) && split(job, &call.name_space, &call.name);
    if (!named)
        return error_set(
            err, ERR_INVALID,
            "the args name the policy and the job, as {\"policy\": \"free-gpus\", \"job\": \"train/bert\"}");
    if (args_text(args, "kind", kind, sizeof kind)) {
        call.kind = &of;
        if (!mpijob_kind_find(str_of(kind), &of))
            return mpijob_kind_unknown(kind, err);
    }
    return engine_why(a->verbs->o.engine, &call, &a->why, err);
}

static void take_why(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct asked *a = calloc(1, sizeof *a);
    int rc = a ? 0 : error_nomem(&err);
    if (a) {
        *a = (struct asked){.verbs = v, .request = r};
        a->text = json_is_true(json_get(args, "text"));
        a->colour = json_is_true(json_get(args, "colour"));
        rc = ask(a, args, &err);
    }
    if (rc) {
        free(a);
        control_fail(r, &err);
        return;
    }
    verbs_hold(v);
    control_wait(r, gone, a);
}

const struct control_verb why_verbs[] = {{"why", CONTROL_READS, take_why}, {NULL, CONTROL_READS, NULL}};
