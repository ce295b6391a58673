/* How every command begins: its options, the kind of job it is about, its help, its mistakes. */
#include "cli/session/command.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/session/options.h"

/* ---- which kind of job it is about, in kubectl's ways of saying it ---- */

struct taking {
    struct options *o;
    const char *by; /* what said so; NULL: nothing yet */
    struct error *err;
};

static int take_kind(struct taking *t, struct str text, const char *by)
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

/* Sets options->job_kind from --kind, from a first argument that is a kind's plural ("pytorchjobs"), which is taken out
 * of the arguments, or from "KIND/NAME", of which NAME is left. names: how many of the arguments are names, as far as
 * they go. ERR_INVALID: an unknown kind, or two of them. */
static int take_kinds(struct options *o, int names, struct error *err)
{
    struct taking t = {.o = o, .err = err};
    int rc = o->kind ? take_kind(&t, str_of(o->kind), "--kind") : 0;
    if (!rc && o->argument_count && is_plural(str_of(o->arguments[0]))) {
        rc = take_kind(&t, str_of(o->arguments[0]), o->arguments[0]);
        o->arguments++;
        o->argument_count--;
    }
    for (int i = 0; !rc && i < o->argument_count && i < names; i++) {
        char *slash = strchr(o->arguments[i], '/');
        if (!slash || memchr(o->arguments[i], '=', (size_t)(slash - o->arguments[i])))
            continue;
        rc = take_kind(&t, str_n(o->arguments[i], (size_t)(slash - o->arguments[i])), o->arguments[i]);
        o->arguments[i] = slash + 1;
    }
    return rc;
}

/* ---- the beginning ---- */

static void command_help(const struct command *c)
{
    printf("%s\n\nUsage: mpijobd %s %s\n\n", c->about, c->name, c->usage);
    options_help(c->takes);
    if (c->examples)
        printf("\nExamples:\n%s", c->examples);
}

int command_usage(const struct command *c, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "mpijobd %s: ", c->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nSee mpijobd %s --help.\n", c->name);
    return EXIT_USAGE;
}

bool command_begin(int argc, char **argv, const struct command *c, struct options *options, int *code)
{
    struct error err;
    if (options_parse(argc, argv, c->takes, options, &err)) {
        *code = command_usage(c, "%s", err.message);
        return false;
    }
    if ((c->takes & TAKES_KIND) && take_kinds(options, c->takes & TAKES_NAMES ? INT_MAX : 1, &err)) {
        *code = command_usage(c, "%s", err.message);
        return false;
    }
    if (options->help) {
        command_help(c);
        *code = EXIT_DONE;
        return false;
    }
    return true;
}
