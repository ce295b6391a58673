/* SPDX-License-Identifier: Apache-2.0 */
/* Who sends a request: by a token, a name and a password, a client certificate, a token of the IAM, or a signature. */
#include "sim/auth/authenticate.h"

#include "base/base64.h"
#include "sim/auth/credentials.h"
#include "sim/auth/signature.h"
#include "sim/server/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int unauthorized(struct exchange *x, const char *why)
{
    if (x->sim->opt.profile != SIM_CCI)
        return fail_with(x, 401, "Unauthorized", NULL, NULL, "Unauthorized");
    /* There a gateway checks it, which does not answer with a Status. */
    char id[37];
    sim_uuid(x->sim, id);
    buf_reset(&x->resp->body);
    buf_printf(&x->resp->body,
               "{\"error_msg\":\"Incorrect IAM authentication information: %s\",\"error_code\":\"APIGW.0301\","
               "\"request_id\":\"%s\"}",
               why, id);
    respond_json(x, 401);
    return -1;
}

static int let_in(struct exchange *x, const char *how, const char *name)
{
    x->user = USER_ADMIN;
    snprintf(x->who, sizeof x->who, "%s%s%s", how, *name ? ":" : "", name);
    return 0;
}

static bool knows_basic(const struct credentials *c, const char *coded)
{
    bool known = false;
    for (size_t i = 0; i < c->basics.count && !known; i++) {
        struct buf b = BUF_INIT;
        base64_encode(str_of(c->basics.item[i]), &b);
        char *wanted = sim_take(&b);
        known = strcmp(wanted, coded) == 0;
        free(wanted);
    }
    return known;
}

static int by_token(struct exchange *x, const char *token)
{
    const struct sim_options *o = &x->sim->opt;
    if (strings_have(&x->sim->credentials->tokens, token))
        return let_in(x, "token", "");
    if (!o->view_token || strcmp(token, o->view_token) != 0)
        return unauthorized(x, "the token is unknown");
    x->user = USER_VIEW;
    return 0;
}

static bool starts(const char *s, const char *prefix)
{
    return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

int authenticate(struct exchange *x)
{
    const struct credentials *c = x->sim->credentials;
    const char *given = x->req->authorization, *issued = request_header(x->req, "X-Auth-Token");
    const char *name = x->req->certificate;
    bool cci = x->sim->opt.profile == SIM_CCI;
    if (!cci && !credentials_wanted(c))
        return 0;
    x->user = USER_ANONYMOUS;
    if (x->req->bad_certificate)
        return unauthorized(x, "");
    if (name)
        return !c->certificates.count || strings_have(&c->certificates, name) ? let_in(x, "certificate", name)
                                                                              : unauthorized(x, "");
    if (issued && c->user)
        return credentials_issued(c, issued, x->sim->now_us) ? let_in(x, "x-auth-token", "")
                                                             : unauthorized(x, "decrypt token fail");
    if (starts(given, "Bearer ") && given[7])
        return by_token(x, given + 7);
    if (starts(given, "Basic ") && c->basics.count)
        return knows_basic(c, given + 6) ? let_in(x, "basic", "") : unauthorized(x, "");
    if (starts(given, "SDK-HMAC-SHA256 ") && (cci || c->keys)) {
        const char *problem = signature_problem(x, given);
        return problem ? unauthorized(x, problem) : let_in(x, "signature", "");
    }
    return cci ? unauthorized(x, "the request has no signature") : 0;
}
