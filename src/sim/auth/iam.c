/* SPDX-License-Identifier: Apache-2.0 */
/* The part of Huawei's IAM that gives a token: POST /v3/auth/tokens with a name, a password and a project. */
#include "sim/auth/iam.h"

#include "base/clock.h"
#include "sim/auth/credentials.h"

#include <stdlib.h>
#include <string.h>

static void refuse(struct exchange *x, int code, const char *title, const char *message)
{
    struct buf *out = &x->resp->body;
    buf_reset(out);
    buf_printf(out, "{\"error\":{\"code\":%d,\"message\":\"%s\",\"title\":\"%s\"}}", code, message, title);
    respond_json(x, code);
}

static bool is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void give(struct exchange *x)
{
    struct sim *sim = x->sim;
    struct credentials *c = sim->credentials;
    char first[37], second[37], from[32], to[32];
    sim_uuid(sim, first);
    sim_uuid(sim, second);
    char *token = sim_format("MIIsim-%s-%s", first, second);
    credentials_issue(c, token, sim->now_us + c->life_us);
    clock_format(sim->now_us, true, from);
    clock_format(sim->now_us + c->life_us, true, to);
    sim_response_header(x->resp, "X-Subject-Token", token);
    free(token);
    struct buf *out = &x->resp->body;
    buf_printf(out, "{\"token\":{\"expires_at\":\"%s\",\"issued_at\":\"%s\",\"methods\":[\"password\"],\"catalog\":[],",
               to, from);
    buf_puts(out, "\"user\":{\"name\":");
    doc_write_string(out, c->user, strlen(c->user));
    buf_puts(out, "},\"project\":{\"name\":");
    doc_write_string(out, c->project, strlen(c->project));
    buf_puts(out, "}}}");
    respond_json(x, 201);
}

static void answer(struct exchange *x, json_object *doc)
{
    const struct credentials *c = x->sim->credentials;
    json_object *auth = doc_get(doc, "auth"), *identity = doc_get(auth, "identity");
    json_object *methods = doc_get(identity, "methods"), *user = doc_path(identity, "password", "user");
    json_object *project = doc_path(auth, "scope", "project");
    bool password = json_object_is_type(methods, json_type_array) && json_object_array_length(methods) == 1 &&
                    is(json_object_get_string(json_object_array_get_idx(methods, 0)), "password");
    if (!password || !user || !project)
        refuse(x, 400, "Bad Request", "The request body is invalid");
    else if (!is(doc_str(user, "name"), c->user) || !is(doc_str(doc_get(user, "domain"), "name"), c->domain) ||
             !is(doc_str(user, "password"), c->password))
        refuse(x, 401, "Unauthorized", "The username or password is wrong.");
    else if (!is(doc_str(project, "name"), c->project) && !is(doc_str(project, "id"), c->project))
        refuse(x, 404, "Not Found", "Could not find the project.");
    else
        give(x);
}

bool iam(struct exchange *x)
{
    if (!x->sim->credentials->user || x->segments != 3 || !is(x->segment[0], "v3") || !is(x->segment[1], "auth") ||
        !is(x->segment[2], "tokens"))
        return false;
    if (!is(x->req->method, "POST")) {
        refuse(x, 405, "Method Not Allowed", "POST it");
        return true;
    }
    struct doc_reading r = {0};
    json_object *doc = doc_read(x->req->body, x->req->body_len, &r);
    free(r.error);
    answer(x, doc);
    json_object_put(doc);
    return true;
}
