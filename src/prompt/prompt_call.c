/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a session, from its text to its values. */
#include <string.h>

#include "binding/modules.h"
#include "prompt/parts.h"
#include "run/run.h"
#include "script/script.h"

#define PIECE 4096                         /* printed bytes that are told at once */
#define HEADROOM ((size_t)4 * 1024 * 1024) /* beyond the cap, so that a full session can still be emptied */

/* ---- what it prints ---- */

static void tell(struct defer *d)
{
    struct prompt *p = d->data;
    struct buf out = p->out;
    if (!out.len)
        return;
    buf_init(&p->out, PROMPT_OUTPUT + PIECE);
    if (!p->closing)
        p->o.printed(p->o.data, buf_str(&out));
    buf_free(&out);
}

void prompt_call_init(struct prompt *p)
{
    p->telling = (struct defer){.call = tell, .data = p};
    buf_init(&p->out, PROMPT_OUTPUT + PIECE);
}

static void tell_now(struct prompt *p)
{
    defer_cancel(&p->telling);
    tell(&p->telling);
}

/* ---- its end ---- */

static void answer(struct prompt *p, const struct prompt_answer *is, const struct error *err)
{
    struct prompt_call call = p->call;
    p->call = (struct prompt_call){0};
    tell_now(p);
    buf_free(&p->text);
    if (call.done && !p->closing)
        call.done(call.data, is, err);
}

void prompt_call_fail(struct prompt *p, const struct error *err)
{
    if (p->script)
        script_cancel(p->script, err->message); /* script_over answers */
    else if (p->call.done)
        answer(p, NULL, err);
}

/* The limits are the session's own, which no key of a policy raises; and of typed text no trace is told. */
static void plain(struct error *err)
{
    static const char *const ends[] = {"; if it really needs more: ", "; raise it with limits", NULL};
    static const char whole[] = "in the file's own code";
    for (int i = 0; ends[i]; i++) {
        char *end = strstr(err->message, ends[i]);
        if (end)
            memmove(end, end + strcspn(end, "\n"), strlen(end + strcspn(end, "\n")) + 1);
    }
    char *cancelled = strstr(err->message, ": the run was cancelled: ");
    if (err->code == ERR_CANCELLED && cancelled)
        memmove(err->message, strrchr(cancelled, ':') + 2, strlen(strrchr(cancelled, ':') + 2) + 1);
    char *last = strrchr(err->message, '\n');
    if (last && str_ends(str_of(last), whole))
        *last = '\0';
}

/* "values", "failed", "more" or "wrong", and a text. */
static void script_over(void *data, struct script_run *script, lua_State *L, const struct error *err)
{
    struct run *run = data;
    struct prompt *p = run->data;
    struct prompt_answer is = {PROMPT_VALUES, {0}};
    struct error wrong;
    p->script = NULL;
    run_host_used(run, script_run_cpu(script));
    if (err) {
        wrong = *err;
        plain(&wrong);
        answer(p, NULL, &wrong);
        return;
    }
    const char *state = lua_tostring(L, 1);
    is.text.ptr = lua_tolstring(L, 2, &is.text.len);
    if (strcmp(state, "wrong") == 0) {
        error_set(&wrong, ERR_SYNTAX, "%s", is.text.ptr);
        answer(p, NULL, &wrong);
        return;
    }
    is.state = strcmp(state, "failed") == 0 ? PROMPT_FAILED : strcmp(state, "more") == 0 ? PROMPT_MORE : PROMPT_VALUES;
    answer(p, &is, NULL);
}

/* ---- its beginning ---- */

static int enter(lua_State *L, void *data)
{
    const struct prompt *p = ((struct run *)data)->data;
    binding_require_begin(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, p->evaluate);
    lua_pushlstring(L, p->text.ptr ? p->text.ptr : "", p->text.len);
    lua_pushinteger(L, p->call.form);
    return 2;
}

int prompt_call_start(struct prompt *p, struct error *err)
{
    struct script_call call = {.entry = enter, .done = script_over, .data = p->run, .policy = p->run->policy->name};
    size_t used = script_memory(prompt_script(p));
    script_set_memory(prompt_script(p), p->memory + (used + HEADROOM > p->memory ? HEADROOM : 0));
    return script_start(prompt_script(p), &call, &p->script, err);
}

int prompt_ask(struct prompt *p, const struct prompt_call *call, struct error *err)
{
    if (p->call.done)
        return error_set(err, ERR_INVALID, "a call of this session is under way already");
    if (call->text.len > SCRIPT_SOURCE_MAX)
        return error_set(err, ERR_LIMIT, "the text has %zu bytes, at most %d are read", call->text.len,
                         SCRIPT_SOURCE_MAX);
    buf_init(&p->text, SCRIPT_SOURCE_MAX + 1);
    buf_add_str(&p->text, call->text);
    int rc = buf_result(&p->text, "the text", err);
    if (rc) {
        buf_free(&p->text);
        return rc;
    }
    p->call = *call;
    p->printed = 0;
    if (p->begun && p->run)
        rc = prompt_call_start(p, err);
    if (rc) {
        buf_free(&p->text);
        p->call = (struct prompt_call){0};
    }
    return rc;
}

void prompt_interrupt(struct prompt *p)
{
    struct error err;
    error_set(&err, ERR_CANCELLED, "interrupted");
    prompt_call_fail(p, &err);
}
