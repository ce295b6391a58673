/* SPDX-License-Identifier: Apache-2.0 */
/* The ConfigMap as marks; and one look at it. */
#include <stdlib.h>

#include "base/texts.h"
#include "kube/verbs.h"
#include "pause/common/common_parts.h"
#include "pause/pauses.h"

bool common_gather(struct json object, struct paused *now)
{
    for (struct json_iter it = json_iter(json_get(object, "data")); json_next(&it);) {
        struct buf key = BUF_INIT, value = BUF_INIT;
        struct paused_mark mark;
        bool good = json_decode(it.key, &key) && json_decode(it.value, &value);
        if (good && key.len && key.len < sizeof mark.policy) { /* a longer one is no policy's */
            pauses_mark_read(key.ptr, or_empty(value.ptr), &mark);
            good = paused_add(now, &mark, NULL) == 0;
        }
        buf_free(&key);
        buf_free(&value);
        if (!good)
            return false;
    }
    return true;
}

void common_explain(const char *name_space, const char *name, const char *doing, struct error *err)
{
    if (err->status == 403)
        error_append(err, "; `mpijobd rbac` prints the Role that is needed: get, create, update of configmaps");
    error_prefix(err, "what is paused (ConfigMap %s/%s) cannot be %s", name_space, name, doing);
}

/* ---- one look ---- */

struct look {
    char *texts;
    const char *name_space, *name;
    struct paused *paused;
    void (*done)(void *data, const struct error *err);
    void *data;
};

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    struct look l = *(struct look *)data;
    struct error why;
    (void)request;
    (void)lost;
    free(data);
    bool absent = !answer && err->code == ERR_NOT_FOUND && !err->no_path;
    int rc = absent ? 0 : !answer ? (why = *err).code : common_gather(answer->body, l.paused) ? 0 : error_nomem(&why);
    if (rc)
        common_explain(l.name_space, l.name, "read", &why);
    free(l.texts);
    l.done(l.data, rc ? &why : NULL);
}

int common_pauses_look(struct kube *kube, const char *name_space, const char *name, struct paused *paused,
                       void (*done)(void *data, const struct error *err), void *data, struct error *err)
{
    struct kube_request *request;
    struct kube_resource configmaps = {"", "v1", "configmaps"};
    struct look *l = calloc(1, sizeof *l);
    if (l)
        *l = (struct look){.paused = paused, .done = done, .data = data};
    if (l)
        l->texts = TEXTS_COPY({&l->name_space, name_space}, {&l->name, name});
    if (!l || !l->texts) {
        free(l);
        return error_nomem(err);
    }
    struct kube_call call = {.resource = &configmaps,
                             .name_space = name_space,
                             .name = name,
                             .timeout_ms = COMMON_TIMEOUT_MS,
                             .done = got,
                             .data = l};
    int rc = kube_get(kube, &call, &request, err);
    if (rc) {
        common_explain(name_space, name, "read", err);
        free(l->texts);
        free(l);
    }
    return rc;
}
