/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that runs nothing loads them, as a daemon would. */
#include "cli/plugins/plugins_look.h"

#include <stdio.h>

#include "cli/session/deprecated.h"
#include "cli/session/needs.h"
#include "cli/session/policies.h"

struct look {
    struct session *s;
    plugins_looked looked;
    void *data;
};

struct json plugin_said(const struct plugin *p)
{
    struct json root = {{NULL, 0}};
    if (p->said && json_parse(str_of(p->said), "", &root, NULL))
        root = (struct json){{NULL, 0}};
    return root;
}

static void tell_undeclared(void *data, const char *file, const char *message)
{
    (void)data;
    fprintf(stderr, "%s: %s\n", file, message);
}

static void tell_deprecated(void *data, const char *file, int line, struct str text, size_t at, const char *message)
{
    (void)data;
    (void)text;
    (void)at;
    fprintf(stderr, "%s:%d: warning: %s\n", file, line, message);
}

static void loaded(void *data, const struct policy_set *set)
{
    struct look *l = data;
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *e = &set->errors[i];
        fprintf(stderr, e->line ? "%s:%d: %s\n" : "%s: %.0d%s\n", e->file, e->line, e->message);
    }
    deprecated_uses(set, tell_deprecated, NULL);
    size_t wrong = set->error_count + needs_undeclared(set, tell_undeclared, NULL);
    l->looked(l->data, set, wrong);
    l->s->flag = true;
}

int plugins_look(struct session *s, char **paths, bool locked, plugins_looked looked, void *data)
{
    struct look l = {s, looked, data};
    struct engine_options e = {.once = true};
    policies_basics(s, &e);
    if (!locked)
        e.plugin_lock = NULL;
    error_clear(&s->error);
    if (engine_new(&e, &s->engine, &s->error) ||
        engine_load(s->engine, (const char *const *)paths, loaded, &l, &s->error))
        return session_fail(s, &s->error);
    session_wait(s);
    uv_run(&s->loop, UV_RUN_NOWAIT); /* the engine takes the set over when `loaded` has returned */
    return s->error.code ? session_fail(s, &s->error) : EXIT_DONE;
}
