#include "cli/session/pod_count.h"

#include "cluster/pod_list.h"

struct counting {
    struct session *s;
    struct error *why;
    bool failed;
};

static void listed(void *data, const struct error *err)
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
        .done = listed,
        .data = &c,
    };
    if (!pods) {
        error_nomem(why);
        return NULL;
    }
    c.failed = pod_list_start(&call, &list, why) != 0;
    if (!c.failed)
        session_wait(s);
    if (!c.failed)
        return pods;
    mpijob_pods_free(pods);
    return NULL;
}
