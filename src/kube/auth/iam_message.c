/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON that IAM is sent, and reading its answers. */
#include "kube/auth/iam_message.h"

#include "base/clock.h"
#include "kube/auth/text.h"
#include "json/write.h"

#define LIFE_MOST (24 * 3600 * CLOCK_SECOND)
#define WORDS_MAX 300 /* of IAM's own */

/* A project's id is 32 hexadecimal digits; anything else is its name. */
static bool is_id(const char *project)
{
    return strlen(project) == 32 && strspn(project, "0123456789abcdef") == 32;
}

static void write_text(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

static void write_inner(struct json_writer *w, const char *key)
{
    json_write_key(w, key);
    json_write_object(w);
}

static void write_identity(struct json_writer *w, const struct kube_iam *iam, struct str password)
{
    write_inner(w, "identity");
    json_write_key(w, "methods");
    json_write_array(w);
    json_write_string(w, "password");
    json_write_end(w);
    write_inner(w, "password");
    write_inner(w, "user");
    write_text(w, "name", iam->user);
    json_write_key(w, "password");
    json_write_str(w, password);
    write_inner(w, "domain");
    write_text(w, "name", iam->domain);
    for (int i = 0; i < 4; i++)
        json_write_end(w);
}

int iam_write(const struct kube_iam *iam, struct str password, struct buf *out, struct error *err)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    write_inner(&w, "auth");
    write_identity(&w, iam, password);
    write_inner(&w, "scope");
    write_inner(&w, "project");
    write_text(&w, is_id(iam->project) ? "id" : "name", iam->project);
    for (int i = 0; i < 4; i++)
        json_write_end(&w);
    return buf_result(out, "the request for a token", err);
}

static bool read_time(struct json root, const char *pointer, int64_t *us)
{
    char text[64];
    return json_string_at(root, pointer, text, sizeof text) == 0 && clock_parse(text, us);
}

int iam_read(const char *token, struct str body, int64_t now, struct credential *out, struct error *err)
{
    struct json root;
    int64_t until;
    *out = CREDENTIAL_INIT;
    if (!token)
        return error_set(err, ERR_PROTOCOL, "its answer has no X-Subject-Token; is this the endpoint of an IAM?");
    int rc = token_check(str_of(token), "the token that it gave", err);
    if (rc)
        return rc;
    buf_puts(&out->token, token);
    if (out->token.failed) {
        credential_free(out);
        return error_nomem(err);
    }
    out->expires = now + LIFE_MOST;
    if (!json_parse(body, "", &root, NULL) && read_time(root, "/token/expires_at", &until) && until < out->expires)
        out->expires = until;
    if (out->expires > now)
        return 0;
    char at[32], is[32];
    clock_format(out->expires, false, at);
    clock_format(now, false, is);
    credential_free(out);
    return error_set(err, ERR_INVALID,
                     "the token that it gave expired at %s, and it is %s here; is this machine's clock right?", at, is);
}

/* {"error":{"message":...}} of IAM, {"error_msg":...} of the gateway before it. */
static void add_words(struct str body, struct str password, struct buf *out)
{
    struct buf words = {.secret = true}, line = BUF_INIT;
    struct json root;
    if (!json_parse(body, "", &root, NULL) && !json_decode(json_at(root, "/error/message"), &words))
        json_decode(json_get(root, "error_msg"), &words);
    auth_hide(&words, password);
    auth_one_line(&line, buf_str(&words));
    size_t n = line.len < WORDS_MAX ? line.len : WORDS_MAX;
    while (n < line.len && n && ((unsigned char)line.ptr[n] & 0xC0) == 0x80) /* not within a character */
        n--;
    if (n)
        buf_printf(out, "; it says: %.*s%s", (int)n, line.ptr, n < line.len ? "..." : "");
    buf_free(&words);
    buf_free(&line);
}

int iam_refusal(const struct kube_iam *iam, int status, struct str body, struct str password, bool *refused,
                struct error *err)
{
    struct buf text = BUF_INIT;
    *refused = status == 400 || status == 401 || status == 403 || status == 404;
    if (status == 401)
        buf_printf(&text, "user \"%s\" of domain \"%s\" is not known there, or the password in %s is wrong", iam->user,
                   iam->domain, iam->password_file);
    else if (*refused)
        buf_printf(&text, "it gives no token for user \"%s\" of domain \"%s\" and project \"%s\" (%d)", iam->user,
                   iam->domain, iam->project, status);
    else
        buf_printf(&text, "its answer is %d", status);
    add_words(body, password, &text);
    int rc = text.failed ? error_nomem(err)
                         : error_set_status(err, *refused ? ERR_INVALID : ERR_HTTP, status, "%s", text.ptr);
    buf_free(&text);
    return rc;
}
