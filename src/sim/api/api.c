/* SPDX-License-Identifier: Apache-2.0 */
/* A request to the Kubernetes API on its way: who sends it, what it names, is it allowed, and the verb that answers. */
#include "sim/api/api.h"

#include "sim/api/discovery.h"
#include "sim/api/route.h"
#include "sim/auth/authenticate.h"
#include "sim/auth/iam.h"
#include "sim/read/list.h"
#include "sim/read/watch.h"
#include "sim/server/cci.h"
#include "sim/server/status.h"
#include "sim/server/view.h"
#include "sim/write/verbs.h"

#include <stdlib.h>
#include <string.h>

static bool starts(const char *s, const char *prefix)
{
    return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

static void choose_pretty(struct exchange *x)
{
    const char *agent = x->req->user_agent;
    if (param(x, "pretty"))
        x->pretty = param_true(x, "pretty");
    else
        x->pretty = starts(agent, "curl/") || starts(agent, "Wget/") || starts(agent, "Mozilla/5.0");
}

static bool health(struct exchange *x)
{
    const char *s = x->segments ? x->segment[0] : "";
    if (strcmp(s, "healthz") == 0 || strcmp(s, "livez") == 0 || strcmp(s, "readyz") == 0) {
        sim_response_header(x->resp, "X-Content-Type-Options", "nosniff");
        respond_plain(x, 200, "ok");
        return true;
    }
    if (x->segments != 1 || strcmp(s, "version") != 0)
        return false;
    x->pretty = true;
    buf_puts(&x->resp->body,
             "{\"major\":\"1\",\"minor\":\"34\",\"gitVersion\":\"v1.34.4-mpijob-sim\",\"gitCommit\":\"\","
             "\"gitTreeState\":\"clean\",\"buildDate\":\"2026-01-01T00:00:00Z\",\"goVersion\":\"go1.24\","
             "\"compiler\":\"gc\",\"platform\":\"linux/amd64\"}");
    respond_json(x, 200);
    return true;
}

static bool nobody_may(struct exchange *x)
{
    if (x->user != USER_ANONYMOUS || x->res)
        return false;
    struct details d = {.empty = true};
    fail_with(x, 403, "Forbidden", &d, NULL, "forbidden: User \"system:anonymous\" cannot get path \"%.*s\"",
              (int)strcspn(x->req->target, "?"), x->req->target);
    return true;
}

static void run_verb(struct exchange *x)
{
    if (x->res->kind == K_REVIEW) {
        verb_review(x);
        return;
    }
    switch (x->verb) {
    case VERB_GET:
        verb_get(x);
        break;
    case VERB_LIST:
        verb_list(x);
        break;
    case VERB_WATCH:
        verb_watch(x);
        break;
    case VERB_CREATE:
        verb_create(x);
        break;
    case VERB_UPDATE:
        verb_update(x);
        break;
    case VERB_PATCH:
        verb_patch(x);
        break;
    case VERB_DELETE:
        verb_delete(x);
        break;
    case VERB_DELETE_ALL:
        verb_delete_all(x);
        break;
    case VERB_NONE:
        fail_plain_404(x);
        break;
    }
}

void api_serve(struct exchange *x)
{
    choose_pretty(x);
    if (iam(x) || authenticate(x) || health(x))
        return;
    bool resource = route(x);
    if (nobody_may(x))
        return;
    if (!resource) {
        discovery(x);
        return;
    }
    int v = x->res->kind == K_MPIJOB ? x->mpijob_version : -1;
    if (v >= 0 && x->sim->deprecated[v]) {
        char *text = sim_format("kubeflow.org/%s MPIJob is deprecated", version_name[v]);
        warn(x, text);
        free(text);
    }
    if (authorize(x) || x->resp->status || cci_check_request(x) || view_negotiate(x) || options_check(x))
        return;
    run_verb(x);
}
