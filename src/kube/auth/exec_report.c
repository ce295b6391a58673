/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a plugin's run, in words that keep its secrets. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "kube/auth/exec_credential.h"
#include "kube/auth/exec_parts.h"
#include "kube/auth/text.h"

#define HIDE_FROM 6 /* shorter values stand in any text */

void exec_add_hint(const struct exec *x, struct error *err)
{
    if (x->hint)
        error_append(err, ". %s", x->hint);
}

/* Names that speak of a secret; -sk is how Huawei's plugins call a secret key. */
static bool is_telling(struct str name)
{
    while (name.len && name.ptr[0] == '-')
        name = str_n(name.ptr + 1, name.len - 1);
    if (str_is(name, "sk") || str_is(name, "ak"))
        return true;
    static const char *const words[] = {"token", "secret", "passw", "key", "credential", "proxy"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        for (size_t at = 0; at + n <= name.len; at++) {
            if (strncasecmp(name.ptr + at, words[i], n) == 0)
                return true;
        }
    }
    return false;
}

static void hide(struct buf *text, const char *value)
{
    if (strlen(value) >= HIDE_FROM)
        auth_hide(text, str_of(value));
}

/* Programs like to print their environment and their arguments. Any value that the kubeconfig gives may be secret; of
 * those that come from our own environment, the ones whose names say so. */
static void hide_given(const struct exec *x, struct buf *text)
{
    for (size_t i = 0; x->given[i]; i++)
        hide(text, strchr(x->given[i], '=') + 1);
    for (size_t i = 0; x->env[i]; i++) {
        const char *value = strchr(x->env[i], '=');
        if (value && is_telling(str_n(x->env[i], (size_t)(value - x->env[i]))))
            hide(text, value + 1);
    }
    for (size_t i = 1; x->argv[i]; i++) {
        const char *value = strchr(x->argv[i], '=');
        bool flag = x->argv[i][0] == '-' && is_telling(str_n(x->argv[i], strcspn(x->argv[i], "=")));
        if (flag && value)
            hide(text, value + 1);
        else if (flag && x->argv[i + 1])
            hide(text, x->argv[i + 1]);
    }
}

/* Its last words, on one line. */
static void add_tail(struct exec *x, struct error *err)
{
    struct buf line = BUF_INIT;
    hide_given(x, &x->tail);
    struct str tail = str_trim(buf_str(&x->tail));
    while (tail.len && ((unsigned char)*tail.ptr & 0xC0) == 0x80) /* cut within a character */
        tail = str_n(tail.ptr + 1, tail.len - 1);
    auth_one_line(&line, tail);
    if (line.ptr)
        error_append(err, "; it said: %s", line.ptr);
    buf_free(&line);
}

int exec_describe(struct exec *x, struct credential *credential, struct error *err)
{
    struct error why;
    int rc = 0;
    switch (x->end) {
    case NO_MEMORY:
        return error_nomem(err);
    case NOT_STARTED:
        rc = error_set(err, ERR_IO, "%s could not be started: %s", x->name, uv_strerror(x->not_started));
        exec_add_hint(x, err);
        return rc;
    case TIMED_OUT:
        rc = error_set(err, ERR_TIMEOUT, "%s did not end within %" PRIu64 ".%" PRIu64 " s and was killed", x->name,
                       x->timeout_ms / 1000, x->timeout_ms % 1000 / 100);
        break;
    case TOO_LONG:
        rc = error_set(err, ERR_LIMIT, "%s printed more than 1 MiB and was killed", x->name);
        break;
    case ENDED:
        if (x->signal)
            rc = error_set(err, ERR_IO, "%s was ended by signal %d (%s)", x->name, x->signal, strsignal(x->signal));
        else if (x->status)
            rc = error_set(err, ERR_IO, "%s failed with exit status %" PRId64, x->name, x->status);
        else if ((rc = exec_credential_read(buf_str(&x->text), x->api_version, clock_now(NULL), credential, &why)))
            error_set(err, rc, "%s: %s", x->name, why.message);
        break;
    }
    if (rc)
        add_tail(x, err);
    return rc;
}
