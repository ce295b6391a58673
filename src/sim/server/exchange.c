/* One request on its way through the core: take it apart, see who asks, and hand it to the part that answers. */
#include "sim/core/recorder.h"
#include "sim/fault/faults.h"
#include "sim/server/core.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* In place; a NUL in the middle ends the text, as it would anyway. */
static void decode(char *s, bool query)
{
    char *to = s;
    for (; *s; s++) {
        if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
            *to++ = (char)(hex(s[1]) * 16 + hex(s[2]));
            s += 2;
        } else {
            *to++ = query && *s == '+' ? ' ' : *s;
        }
    }
    *to = 0;
}

void exchange_split(struct exchange *x)
{
    x->scratch = sim_strdup(x->req->target);
    char *query = strchr(x->scratch, '?');
    if (query)
        *query++ = 0;
    char *save = NULL;
    for (char *s = strtok_r(x->scratch, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
        if (x->segments < SEGMENTS_MAX)
            x->segment[x->segments++] = s;
        decode(s, false);
    }
    save = NULL;
    for (char *p = query ? strtok_r(query, "&", &save) : NULL; p; p = strtok_r(NULL, "&", &save)) {
        if (x->parameters == PARAMETERS_MAX)
            break;
        char *value = strchr(p, '=');
        if (value)
            *value++ = 0;
        else
            value = p + strlen(p);
        decode(p, true);
        decode(value, true);
        x->parameter[x->parameters].name = p;
        x->parameter[x->parameters++].value = value;
    }
}

void exchange_free(struct exchange *x)
{
    free(x->scratch);
}

const char *param(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->parameters; i++)
        if (strcmp(x->parameter[i].name, name) == 0)
            return x->parameter[i].value;
    return NULL;
}

bool param_true(const struct exchange *x, const char *name)
{
    const char *v = param(x, name);
    return v && *v && strcmp(v, "0") != 0 && strcmp(v, "false") != 0;
}

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
        review(x);
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

static void serve(struct exchange *x)
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
        char *text = sim_format("kubeflow.org/%s MPIJob is deprecated", mpijob_version_name[v]);
        warn(x, text);
        free(text);
    }
    if (authorize(x) || x->resp->status || cci_check_request(x) || view_negotiate(x) || options_check(x))
        return;
    run_verb(x);
}

/* By the simulated clock, as what is signed is checked by it. */
static void add_date(struct exchange *x)
{
    char text[64];
    time_t now = (time_t)(x->sim->now_us / 1000000);
    struct tm tm;
    if (x->sim->opt.profile != SIM_CCI || !gmtime_r(&now, &tm))
        return;
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    sim_response_header(x->resp, "Date", text);
}

void sim_handle(struct sim *sim, const struct sim_request *req, struct sim_response *resp)
{
    struct exchange x = {.sim = sim, .req = req, .resp = resp, .mpijob_version = -1, .ns = "", .name = "", .sub = ""};
    *resp = (struct sim_response){.content_type = "application/json", .wire.cut_at = SIZE_MAX};
    exchange_split(&x);
    if (x.segments && strcmp(x.segment[0], "_sim") == 0) {
        admin(&x);
        exchange_free(&x);
        return;
    }
    struct fault *fault = faults_before(sim->faults, &x);
    if (!resp->status)
        serve(&x);
    if (fault)
        faults_after(sim->faults, fault, &x);
    add_date(&x);
    recorder_add(sim->recorder, &x, fault);
    exchange_free(&x);
}
