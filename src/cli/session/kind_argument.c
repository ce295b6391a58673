#include "cli/session/kind_argument.h"

#include <stdio.h>
#include <string.h>

struct taking {
    struct options *o;
    const char *by; /* what said so; NULL: nothing yet */
    struct error *err;
};

static int take(struct taking *t, struct str text, const char *by)
{
    char word[96];
    enum mpijob_kind kind;
    snprintf(word, sizeof word, "%.*s", (int)(text.len < 80 ? text.len : 80), text.ptr);
    if (!mpijob_kind_find(text, &kind))
        return mpijob_kind_unknown(word, t->err);
    if (t->by && kind != t->o->job_kind)
        return error_set(t->err, ERR_INVALID, "%s and %s name two kinds of job; a command is about one", t->by, by);
    t->o->job_kind = kind;
    t->by = by;
    return 0;
}

static bool is_plural(struct str text)
{
    enum mpijob_kind kind;
    if (!mpijob_kind_find(text, &kind))
        return false;
    return str_is(text, mpijob_kind_info(kind)->plural) || str_is(text, mpijob_kind_info(kind)->definition);
}

int kinds_take(struct options *o, int names, struct error *err)
{
    struct taking t = {.o = o, .err = err};
    int rc = o->kind ? take(&t, str_of(o->kind), "--kind") : 0;
    if (!rc && o->argument_count && is_plural(str_of(o->arguments[0]))) {
        rc = take(&t, str_of(o->arguments[0]), o->arguments[0]);
        o->arguments++;
        o->argument_count--;
    }
    for (int i = 0; !rc && i < o->argument_count && i < names; i++) {
        char *slash = strchr(o->arguments[i], '/');
        if (!slash || memchr(o->arguments[i], '=', (size_t)(slash - o->arguments[i])))
            continue;
        rc = take(&t, str_n(o->arguments[i], (size_t)(slash - o->arguments[i])), o->arguments[i]);
        o->arguments[i] = slash + 1;
    }
    return rc;
}
