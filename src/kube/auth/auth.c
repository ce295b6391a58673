#include "kube/auth/auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "kube/auth/exec.h"
#include "kube/auth/file_source.h"
#include "kube/auth/sign.h"
#include "kube/auth/token_file.h"
#include "kube/base64.h"

#define PAUSE_MS 5000
#define PAUSE_MOST_MS 300000
#define MARGIN_MOST (30 * CLOCK_SECOND) /* so long before they expire, credentials are fetched anew */
#define SKEW_S 60                       /* what a clock may be off before it is worth a word */
#define OWN_HEADERS 5                   /* those that prove who we are, and the end */

struct kube_auth {
    uv_loop_t *loop;
    struct kube_auth_options options;
    struct http_header *headers; /* Accept, impersonation, then `own` */
    struct http_header *own;
    struct buf value; /* of Authorization: "Bearer ..." or "Basic ..."; of a signature the last one. Secret */
    unsigned generation;
    bool have;  /* the credentials are there, or none are needed */
    bool signs; /* with the keys, each request for itself */
    struct credential keys;
    char date[SIGN_DATE_SIZE];
    char *certificate; /* the last one that a program gave; no secret */

    struct auth_source *source; /* NULL: nothing ever changes */
    bool fetching;
    int64_t expires, renew_at; /* microseconds since 1970; 0: not known */
    uint64_t fetched_at;       /* the loop's milliseconds, as all that follow */
    bool proved;               /* the server has taken what we have */
    unsigned failures;         /* of the source one after the other, or of what it gave with the server */
    uint64_t not_before;       /* no fetch, as the last ones led to nothing */
    struct error failure;      /* the last one's; code 0: it went well */
    struct kube_auth_wait *waiting;

    char *copies[2]; /* what the headers point to */
    char **groups;
    void (*closed)(void *data);
    void *closed_data;
    bool closing;
};

/* ---- what never changes ---- */

static bool set_value(struct kube_auth *a, const char *scheme, struct str credentials)
{
    struct buf value = {.secret = true};
    buf_puts(&value, scheme);
    buf_add_str(&value, credentials);
    if (value.failed) {
        buf_free(&value);
        return false;
    }
    if (a->value.ptr && str_eq(buf_str(&a->value), buf_str(&value))) {
        buf_free(&value);
        return true;
    }
    buf_free(&a->value);
    a->value = value;
    a->own[0] = (struct http_header){"Authorization", a->value.ptr, true};
    a->generation++;
    return true;
}

static int set_basic(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct buf plain = {.secret = true}, encoded = {.secret = true};
    buf_printf(&plain, "%s:", config->username ? config->username : "");
    buf_add_str(&plain, buf_str(&config->password));
    base64_encode(buf_str(&plain), &encoded);
    bool ok = !plain.failed && !encoded.failed && set_value(a, "Basic ", buf_str(&encoded));
    buf_free(&plain);
    buf_free(&encoded);
    return ok ? 0 : error_nomem(err);
}

static int set_fixed_token(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct str fixed = str_trim(buf_str(&config->token));
    if (!fixed.len)
        return 0;
    int rc = token_check(fixed, config->origin, err);
    if (rc)
        return rc;
    return set_value(a, "Bearer ", fixed) ? 0 : error_nomem(err);
}

static int build_headers(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    size_t groups = 0, n = 0;
    while (config->as_groups && config->as_groups[groups])
        groups++;
    a->headers = calloc(groups + 3 + OWN_HEADERS, sizeof *a->headers);
    a->groups = calloc(groups + 1, sizeof *a->groups);
    if (!a->headers || !a->groups)
        return error_nomem(err);
    a->headers[n++] = (struct http_header){"Accept", "application/json", false};
    const struct {
        const char *name, *value;
    } as[] = {{"Impersonate-User", config->as_user}, {"Impersonate-Uid", config->as_uid}};
    for (size_t i = 0; i < 2; i++) {
        if (!as[i].value)
            continue;
        if (!(a->copies[i] = str_dup(str_of(as[i].value))))
            return error_nomem(err);
        a->headers[n++] = (struct http_header){as[i].name, a->copies[i], false};
    }
    for (size_t i = 0; i < groups; i++) {
        if (!(a->groups[i] = str_dup(str_of(config->as_groups[i]))))
            return error_nomem(err);
        a->headers[n++] = (struct http_header){"Impersonate-Group", a->groups[i], false};
    }
    a->own = &a->headers[n];
    return 0;
}

/* ---- what was fetched ---- */

static int take_certificate(struct kube_auth *a, const struct credential *c, struct error *err)
{
    if (!c->certificate.len || (a->certificate && str_is(buf_str(&c->certificate), a->certificate)))
        return 0;
    char *copy = str_dup(buf_str(&c->certificate));
    if (!copy)
        return error_nomem(err);
    int rc = a->options.identify(a->options.data, buf_str(&c->certificate), buf_str(&c->key), err);
    if (rc) {
        free(copy);
        return rc;
    }
    free(a->certificate);
    a->certificate = copy;
    a->generation++;
    return 0;
}

static void take_keys(struct kube_auth *a, struct credential *c)
{
    bool same = a->have && str_eq(buf_str(&a->keys.access_key), buf_str(&c->access_key)) &&
                str_eq(buf_str(&a->keys.secret_key), buf_str(&c->secret_key)) &&
                str_eq(buf_str(&a->keys.security_token), buf_str(&c->security_token));
    credential_free(&a->keys);
    a->keys = *c;
    *c = CREDENTIAL_INIT;
    a->generation += !same;
}

static void forget_token(struct kube_auth *a)
{
    if (!a->value.len)
        return;
    buf_free(&a->value);
    a->own[0] = (struct http_header){0};
    a->generation++;
}

/* Frees what it does not keep. */
static int take(struct kube_auth *a, struct credential *c, struct error *err)
{
    int64_t now = clock_now(NULL);
    int rc = take_certificate(a, c, err);
    if (!rc && c->token.len && !set_value(a, "Bearer ", buf_str(&c->token)))
        rc = error_nomem(err);
    if (!rc && !c->token.len && !a->signs)
        forget_token(a); /* a program went over from tokens to certificates */
    if (!rc) {
        int64_t margin = c->expires > now ? (c->expires - now) / 10 : 0;
        a->expires = c->expires;
        a->renew_at = c->expires - (margin < MARGIN_MOST ? margin : MARGIN_MOST);
        a->fetched_at = uv_now(a->loop);
        a->failure.code = 0;
        if (a->signs)
            take_keys(a, c);
        a->have = true;
    }
    credential_free(c);
    return rc;
}

static bool usable(const struct kube_auth *a)
{
    return a->have && (!a->expires || clock_now(NULL) < a->expires);
}

static void tell_waiting(struct kube_auth *a, const struct error *err)
{
    for (struct kube_auth_wait *wait; (wait = a->waiting);) {
        DL_DELETE(a->waiting, wait);
        bool changed = usable(a) && wait->generation != a->generation;
        wait->done(wait, changed, changed ? NULL : err);
    }
}

static void hold_back(struct kube_auth *a)
{
    uint64_t ms = a->options.pause_ms;
    for (unsigned i = 0; i < a->failures && ms < PAUSE_MOST_MS; i++)
        ms *= 2;
    a->failures++;
    a->not_before = uv_now(a->loop) + (ms < PAUSE_MOST_MS ? ms : PAUSE_MOST_MS);
}

static void fetch_failed(struct kube_auth *a)
{
    if (a->source->cheap)
        a->fetched_at = uv_now(a->loop);
    else
        hold_back(a);
    if (usable(a))
        log_event(a->options.log, LOG_WARN,
                  a->source->cheap ? "the token could not be read again; the old one stays in use"
                                   : "the credentials could not be renewed; the old ones stay in use",
                  LOG_FIELDS({"reason", a->failure.message}));
}

static void was_fetched(void *data, struct credential *credential, const struct error *err)
{
    struct kube_auth *a = data;
    a->fetching = false;
    int rc = 0;
    if (err)
        a->failure = *err;
    else
        rc = take(a, credential, &a->failure);
    if (rc && rc != ERR_NOMEM && a->source->name)
        error_prefix(&a->failure, "%s", a->source->name);
    if (err || rc) {
        fetch_failed(a);
    } else {
        char until[32] = "not said";
        if (a->expires)
            clock_format(a->expires, false, until);
        if (!a->source->cheap)
            a->generation++; /* were it the same token: its program stands by it, so it is worth one more try */
        log_event(a->options.log, LOG_DEBUG, "credentials were fetched", LOG_FIELDS({"expire", until}));
    }
    tell_waiting(a, (err || rc) && !a->source->cheap ? &a->failure : NULL);
}

/* 0: under way. */
static int fetch(struct kube_auth *a, struct error *err)
{
    if (a->fetching)
        return 0;
    int rc = a->source->fetch(a->source, &a->failure);
    a->fetching = rc == 0;
    if (rc)
        fetch_failed(a);
    if (rc && err)
        *err = a->failure;
    return rc;
}

static bool is_paused(const struct kube_auth *a)
{
    return uv_now(a->loop) < a->not_before;
}

static bool is_old(const struct kube_auth *a)
{
    if (a->source->reread_ms && uv_now(a->loop) - a->fetched_at >= a->source->reread_ms)
        return true;
    return a->expires && clock_now(NULL) >= a->renew_at;
}

/* ---- for requests ---- */

static int still_failing(const struct kube_auth *a, struct error *err)
{
    uint64_t ms = a->not_before - uv_now(a->loop);
    if (!err)
        return a->failure.code ? a->failure.code : ERR_INVALID;
    if (!a->failure.code) /* what it gave was refused by the server, and has expired since */
        return error_set(err, ERR_INVALID, "the server refused the credentials; new ones are fetched in %" PRIu64 " s",
                         (ms + 999) / 1000);
    *err = a->failure;
    size_t n = strlen(err->message);
    snprintf(err->message + n, sizeof err->message - n, " (tried again in %" PRIu64 " s at the earliest)",
             (ms + 999) / 1000);
    return err->code;
}

bool kube_auth_prepare(struct kube_auth *a, struct kube_auth_wait *wait, int *rc, struct error *err)
{
    *rc = 0;
    if (!a->source || a->closing)
        return true;
    bool ready = usable(a);
    if (ready) {
        if (is_old(a) && !is_paused(a))
            fetch(a, NULL); /* for the requests to come */
        return true;
    }
    *rc = !a->fetching && is_paused(a) ? still_failing(a, err) : fetch(a, err);
    if (!*rc) {
        wait->generation = a->generation - 1; /* whatever comes is new to it */
        DL_APPEND(a->waiting, wait);
    }
    return false;
}

/* Signed anew at each call: the date is part of it. */
static int sign(struct kube_auth *a, const struct kube_auth_subject *subject, struct error *err)
{
    struct sign_header headers[4] = {{0}};
    size_t n = 0;
    sign_date(clock_now(NULL), a->date);
    headers[n++] = (struct sign_header){"host", sign_host(subject->url)};
    headers[n++] = (struct sign_header){"x-sdk-date", str_of(a->date)};
    if (a->keys.security_token.len)
        headers[n++] = (struct sign_header){"x-security-token", buf_str(&a->keys.security_token)};
    struct sign_request request = {
        .method = subject->method, .url = subject->url, .body = subject->body, .headers = headers, .date = a->date};
    buf_reset(&a->value);
    int rc = sign_request(&request, buf_str(&a->keys.access_key), buf_str(&a->keys.secret_key), &a->value, err);
    if (rc)
        return rc;
    a->own[0] = (struct http_header){"Authorization", a->value.ptr, true};
    a->own[1] = (struct http_header){"X-Sdk-Date", a->date, false};
    a->own[2] = (struct http_header){0};
    if (a->keys.security_token.len)
        a->own[2] = (struct http_header){"X-Security-Token", a->keys.security_token.ptr, true};
    return 0;
}

int kube_auth_headers(struct kube_auth *a, const struct kube_auth_subject *subject, const struct http_header **headers,
                      struct error *err)
{
    *headers = a->headers;
    return a->signs ? sign(a, subject, err) : 0;
}

unsigned kube_auth_generation(const struct kube_auth *a)
{
    return a->generation;
}

void kube_auth_proved(struct kube_auth *a, unsigned generation)
{
    if (generation != a->generation || a->proved)
        return;
    a->proved = true;
    if (a->failure.code)
        return;
    a->failures = 0;
    a->not_before = 0;
}

/* A program is run anew when what it gave was good once. If it never was, another run will hardly help: then after a
 * pause that grows. */
bool kube_auth_renew(struct kube_auth *a, struct kube_auth_wait *wait)
{
    if (!a->source || a->closing)
        return false;
    if (!a->fetching && !a->source->cheap) {
        if (is_paused(a))
            return false;
        bool proved = a->proved;
        a->proved = false;
        hold_back(a); /* the next one */
        if (!proved && a->failures == 1)
            return false; /* fresh, and refused */
    }
    if (fetch(a, NULL))
        return false;
    DL_APPEND(a->waiting, wait);
    return true;
}

void kube_auth_explain(const struct kube_auth *a, int64_t server_time, struct error *err)
{
    int64_t off = clock_seconds(NULL) - server_time, by = off < 0 ? -off : off;
    size_t n = strlen(err->message);
    if (!a->signs || !server_time || by < SKEW_S)
        return;
    snprintf(err->message + n, sizeof err->message - n,
             "; this machine's clock is %" PRId64 " min %" PRId64 " s %s the server's, and a signature is refused when "
             "they differ by 15 minutes: set the clock",
             by / 60, by % 60, off < 0 ? "behind" : "ahead of");
}

void kube_auth_forget(struct kube_auth *a, struct kube_auth_wait *wait)
{
    DL_DELETE(a->waiting, wait);
}

/* ---- its life ---- */

static void auth_free(struct kube_auth *a)
{
    for (size_t i = 0; i < sizeof a->copies / sizeof *a->copies; i++)
        free(a->copies[i]);
    for (size_t i = 0; a->groups && a->groups[i]; i++)
        free(a->groups[i]);
    free(a->groups);
    free(a->headers);
    free(a->certificate);
    credential_free(&a->keys);
    buf_free(&a->value);
    free(a);
}

/* A file that cannot be read is an error at once, unless a fixed token stands in for it. */
static int open_files(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct credential first;
    struct error why;
    if (!(a->source = file_source_new(a->loop, config, a->options.reread_ms)))
        return error_nomem(err);
    int rc = file_source_read(a->source, &first, &why);
    if (!rc)
        rc = take(a, &first, &why);
    if (rc && rc != ERR_NOMEM && a->value.len) {
        a->have = true;
        return 0;
    }
    if (rc && err)
        *err = why;
    return rc;
}

static int open_source(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    int rc = 0;
    a->signs = config->access_key_file != NULL;
    if (config->token_file || config->access_key_file)
        rc = open_files(a, config, err);
    else if (config->exec)
        rc = exec_source_new(a->loop, config, a->options.timeout_ms, &a->source, err);
    if (!rc && a->source) {
        a->source->fetched = was_fetched;
        a->source->data = a;
    }
    return rc;
}

static void nothing(void *data)
{
    (void)data;
}

int kube_auth_new(uv_loop_t *loop, const struct kube_config *config, const struct kube_auth_options *options,
                  struct kube_auth **auth, struct error *err)
{
    struct kube_auth *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->loop = loop;
    a->options = *options;
    if (!a->options.pause_ms)
        a->options.pause_ms = PAUSE_MS;
    a->fetched_at = uv_now(loop);
    a->value.secret = true;
    a->keys = CREDENTIAL_INIT;
    int rc = build_headers(a, config, err);
    if (!rc && (config->username || config->password.len))
        rc = set_basic(a, config, err);
    if (!rc)
        rc = set_fixed_token(a, config, err);
    if (!rc)
        rc = open_source(a, config, err);
    if (rc) {
        if (a->source)
            a->source->close(a->source, nothing, NULL); /* has not begun anything: gone at once */
        auth_free(a);
        return rc;
    }
    *auth = a;
    return 0;
}

static void source_is_closed(void *data)
{
    struct kube_auth *a = data;
    void (*closed)(void *) = a->closed;
    void *closed_data = a->closed_data;
    auth_free(a);
    closed(closed_data);
}

void kube_auth_close(struct kube_auth *a, void (*closed)(void *data), void *data)
{
    a->closing = true;
    a->waiting = NULL;
    a->closed = closed;
    a->closed_data = data;
    if (a->source)
        a->source->close(a->source, source_is_closed, a);
    else
        source_is_closed(a);
}
