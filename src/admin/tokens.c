/* SPDX-License-Identifier: Apache-2.0 */
/* The two tokens. Their files may be replaced at any time: they are watched, and read on a worker thread; what cannot
 * be read leaves the token as it was. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/admin_parts.h"
#include "base/log.h"
#include "loop/reread.h"

#define TOKEN_MAX 4096

struct token_pair {
    struct buf read, write; /* secret; empty: none is configured */
};

struct admin_tokens {
    struct admin *a;
    struct token_pair now, next;
    struct error error;    /* of the reading of `next` */
    struct reread *reread; /* NULL: its files are not watched */
    bool closing;
};

static void pair_free(struct token_pair *p)
{
    buf_free(&p->read);
    buf_free(&p->write);
}

static int read_one(struct buf *token, const char *file, struct error *err)
{
    *token = (struct buf){.secret = true};
    if (!file)
        return 0;
    int rc = buf_read_file(token, file, TOKEN_MAX, err);
    if (!rc && !str_trim(buf_str(token)).len)
        rc = error_set(err, ERR_INVALID, "%s is empty; it has to hold a token", file);
    return rc;
}

static int read_pair(const struct admin_options *o, struct token_pair *p, struct error *err)
{
    int rc = read_one(&p->read, o->read_token_file, err);
    if (!rc)
        rc = read_one(&p->write, o->write_token_file, err);
    if (!rc && p->read.len && str_eq(str_trim(buf_str(&p->read)), str_trim(buf_str(&p->write))))
        rc = error_set(err, ERR_INVALID,
                       "%s and %s hold the same token: who may read could act as well; write another one "
                       "into either",
                       o->read_token_file, o->write_token_file);
    return rc;
}

int admin_tokens_open(struct admin *a, struct error *err)
{
    struct admin_tokens *t = calloc(1, sizeof *t);
    if (!t)
        return error_nomem(err);
    t->a = a;
    a->tokens = t;
    return read_pair(&a->o, &t->now, err);
}

/* ---- again ---- */

static void tokens_free(struct admin_tokens *t)
{
    pair_free(&t->now);
    pair_free(&t->next);
    free(t);
}

/* On another thread. */
static void read_again(void *data)
{
    struct admin_tokens *t = data;
    error_clear(&t->error);
    read_pair(&t->a->o, &t->next, &t->error);
}

static bool differ(const struct token_pair *a, const struct token_pair *b)
{
    return !str_eq(buf_str(&a->read), buf_str(&b->read)) || !str_eq(buf_str(&a->write), buf_str(&b->write));
}

static void were_read(void *data)
{
    struct admin_tokens *t = data;
    const struct log *log = t->a->o.log;
    if (t->error.code && log && !t->closing)
        log_event(log, LOG_WARN, "the token for HTTP stays as it was: its file cannot be used",
                  LOG_FIELDS({"reason", t->error.message}));
    if (!t->error.code && differ(&t->now, &t->next)) {
        struct token_pair old = t->now;
        t->now = t->next;
        t->next = old;
        if (log && !t->closing)
            log_event(log, LOG_INFO, "another token for HTTP is in force", NULL);
    }
    pair_free(&t->next);
}

void admin_tokens_watch(struct admin *a)
{
    struct admin_tokens *t = a->tokens;
    struct reread_files files = {{a->o.read_token_file, a->o.write_token_file}, 0, 0, read_again, were_read, t};
    struct error err;
    if (!t->now.read.len && !t->now.write.len)
        return;
    if (!reread_open(a->loop, &files, &t->reread, &err))
        a->handles++;
    else if (a->o.log)
        log_event(a->o.log, LOG_WARN, "the files of the tokens for HTTP are not watched; another token needs a restart",
                  LOG_FIELDS({"reason", err.message}));
}

static void watch_closed(void *data)
{
    struct admin_tokens *t = data;
    struct admin *a = t->a;
    tokens_free(t);
    admin_handle_closed(a);
}

void admin_tokens_close(struct admin *a)
{
    struct admin_tokens *t = a->tokens;
    a->tokens = NULL;
    if (!t)
        return;
    t->closing = true;
    if (t->reread)
        reread_close(t->reread, watch_closed, t);
    else
        tokens_free(t);
}

/* ---- who has one ---- */

/* The time does not depend on where the first difference is. */
static bool same(struct str a, struct str b)
{
    unsigned char differs = a.len != b.len;
    for (size_t i = 0; i < a.len && i < b.len; i++)
        differs |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return !differs;
}

bool admin_has_token(const struct admin *a, enum admin_token which)
{
    return (which == TOKEN_READ ? &a->tokens->now.read : &a->tokens->now.write)->len != 0;
}

/* "Bearer TOKEN"; without a token, one of no length. */
static struct str borne(const char *given)
{
    return given && strncasecmp(given, "Bearer ", 7) == 0 ? str_trim(str_of(given + 7)) : (struct str){0};
}

bool admin_bears_token(const char *given)
{
    return borne(given).len != 0;
}

enum admin_token admin_token_of(const struct admin *a, const char *given)
{
    const struct token_pair *p = &a->tokens->now;
    struct str token = borne(given);
    bool reads = same(str_trim(buf_str(&p->read)), token), writes = same(str_trim(buf_str(&p->write)), token);
    return !token.len ? TOKEN_NONE : writes ? TOKEN_WRITE : reads ? TOKEN_READ : TOKEN_NONE;
}
