/* SPDX-License-Identifier: Apache-2.0 */
/* How every command begins: its options, the kind of job it is about, its help, its mistakes. */
#include "cli/session/command.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session/options.h"

#define RUN_DIGITS 18 /* of the number of a run at most; each such number fits */

/* ---- which kind of job it is about, in kubectl's ways of saying it ---- */

struct taking {
    struct options *o;
    const char *by;            /* what said so; NULL: nothing yet */
    struct kind_list *several; /* NULL: the command is about one */
    struct error *err;
};

static bool is_list(const char *text)
{
    return strchr(text, ',') || strcmp(text, "all") == 0;
}

/* Of a command that is about one kind at a time, t->several is NULL. */
static int take_list(struct taking *t, const char *text)
{
    if (!t->several)
        return error_set(t->err, ERR_INVALID, "\"%.80s\" names several kinds; this command is about one", text);
    int rc = kind_list_parse(text, t->several, t->err);
    t->o->job_kind = t->several->of[0];
    t->by = text;
    return rc;
}

static int take_kind(struct taking *t, struct str text, const char *by)
{
    char word[96];
    const struct mpijob_kind *kind;
    snprintf(word, sizeof word, "%.*s", (int)(text.len < 80 ? text.len : 80), text.ptr);
    if (!mpijob_kind_find(text, &kind))
        return mpijob_kind_unknown(word, t->err);
    if (t->by && (kind != t->o->job_kind || (t->several && t->several->count > 1)))
        return error_set(t->err, ERR_INVALID, "%s and %s name two kinds of job; a command is about one", t->by, by);
    t->o->job_kind = kind;
    t->by = by;
    return 0;
}

/* A change of a field, as `replace` takes it: "FIELD=VALUE", or "FIELD-". */
static bool is_change(const char *text)
{
    return strchr(text, '=') || (*text && text[strlen(text) - 1] == '-');
}

/* Is it a kind's name in a form that is meant as one: in the plural, with its group, or with capitals, which the name
 * of a job does not have? */
static bool is_clearly_kind(struct str text, const struct mpijob_kind *kind)
{
    size_t singular = strlen(kind->singular);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' || (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'))
            return true;
    }
    return str_is(text, kind->plural) ||
           (text.len == singular + 1 && text.ptr[singular] == 's' && str_starts(text, kind->singular));
}

/* Is the first argument a kind, and not the name of a job? In the singular, or shortened, it is where a name follows,
 * or where no name can come: all are meant, or those of a selector. names: as in take_kinds. */
static bool begins_with_kind(const struct options *o, int names)
{
    const struct mpijob_kind *kind;
    const char *first = o->arguments[0];
    const char *next = o->argument_count > (names > 1 ? 1 : 2) ? o->arguments[1] : NULL;
    bool no_name = o->selector || o->all || (o->all_namespaces && o->argument_count == 1);
    if (is_change(first) || !mpijob_kind_find(str_of(first), &kind))
        return false;
    return no_name || is_clearly_kind(str_of(first), mpijob_kind_info(kind)) || (next && !is_change(next));
}

/* Is the first argument a list of kinds? "all" is one where nothing follows: a job of that name is mpijob/all. */
static bool is_kinds(const struct options *o, bool several)
{
    const char *first = o->arguments[0];
    return !is_change(first) && is_list(first) && (strchr(first, ',') || (several && o->argument_count == 1));
}

/* Is it nearly a kind's name ("tfjobz")? Two letters more or less would catch too many namespaces. */
static bool is_nearly_kind(struct str text)
{
    for (int i = 0; i < MPIJOB_KINDS_BUILT_IN; i++) {
        struct str name = str_of(mpijob_kind_at((size_t)i)->singular);
        struct str a = text.len < name.len ? text : name, b = text.len < name.len ? name : text;
        size_t same = 0, end = 0;
        while (same < a.len && a.ptr[same] == b.ptr[same])
            same++;
        while (end < a.len - same && a.ptr[a.len - 1 - end] == b.ptr[b.len - 1 - end])
            end++;
        if (b.len - a.len <= 1 && b.len - same - end <= 1)
            return true;
    }
    return false;
}

/* "train/bert", as the results of commands name a job. */
static bool is_namespace(struct str text)
{
    bool good = text.len > 0 && text.len <= 63;
    for (size_t i = 0; good && i < text.len; i++)
        good = (text.ptr[i] >= 'a' && text.ptr[i] <= 'z') || (text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
               text.ptr[i] == '-';
    return good && !is_nearly_kind(text);
}

/* first: what stands before the slash; it becomes a text of its own. */
static int take_namespace(struct options *o, char *first, struct error *err)
{
    if (o->name_space && strcmp(o->name_space, first) != 0)
        return error_set(err, ERR_INVALID,
                         "\"%s\" and \"%s\" are two namespaces; a command that names jobs is about one", o->name_space,
                         first);
    o->name_space = first;
    o->all_namespaces = false;
    return 0;
}

static int take_prefix(struct taking *t, char **argument)
{
    const struct mpijob_kind *kind;
    char *slash = strchr(*argument, '/');
    struct str first = str_n(*argument, (size_t)(slash - *argument));
    int rc;
    if (!mpijob_kind_find(first, &kind) && is_namespace(first)) {
        *slash = '\0';
        rc = take_namespace(t->o, *argument, t->err);
    } else {
        rc = take_kind(t, first, *argument);
    }
    *argument = slash + 1;
    return rc;
}

/* "NAME", "NAMESPACE/NAME", "KIND/NAME", "KIND/NAMESPACE/NAME" */
static int take_prefixes(struct taking *t, char **argument)
{
    bool of_namespace = false;
    int rc = 0;
    while (!rc && !of_namespace && strchr(*argument, '/')) {
        const char *before = t->o->name_space;
        rc = take_prefix(t, argument);
        of_namespace = t->o->name_space != before;
    }
    return rc;
}

/* Sets options->job_kind from --kind, from a first argument that is a kind ("pytorchjobs", "pytorchjob"), which is
 * taken out of the arguments, or from "KIND/NAME", of which NAME is left; and options->name_space from
 * "NAMESPACE/NAME" and "KIND/NAMESPACE/NAME"; options->several from "KIND,KIND" and "all", where the command takes
 * several. names: how many of the arguments are names, as far as they go. ERR_INVALID: an unknown kind, or two of
 * them. */
static int take_kinds(struct options *o, int names, bool several, struct error *err)
{
    struct taking t = {.o = o, .err = err, .several = several ? &o->several : NULL};
    int rc = !o->kind ? 0 : is_list(o->kind) ? take_list(&t, o->kind) : take_kind(&t, str_of(o->kind), "--kind");
    bool list = !rc && o->argument_count && is_kinds(o, several);
    if (list || (!rc && o->argument_count && begins_with_kind(o, names))) {
        rc = list ? take_list(&t, o->arguments[0]) : take_kind(&t, str_of(o->arguments[0]), o->arguments[0]);
        o->arguments++;
        o->argument_count--;
    }
    for (int i = 0; !rc && i < o->argument_count && i < names; i++) {
        if (!strchr(o->arguments[i], '/') || strchr(o->arguments[i], '=')) /* a change of a field is no name */
            continue;
        rc = take_prefixes(&t, &o->arguments[i]);
    }
    if (o->several.count < 2)
        o->several = (struct kind_list){.of = {o->job_kind}, .count = 1};
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
    options->job_kind = KIND_MPIJOB;
    if ((c->takes & TAKES_KIND) &&
        take_kinds(options, c->takes & TAKES_NAMES ? INT_MAX : 1, c->takes & TAKES_GET, &err)) {
        *code = command_usage(c, "%s", err.message);
        return false;
    }
    if (options->utc) /* nothing but terminal_time goes by the local zone */
        setenv("TZ", "UTC0", 1);
    if (options->help) {
        command_help(c);
        *code = EXIT_DONE;
        return false;
    }
    return true;
}

bool command_run_number(const char *word, int64_t *number)
{
    size_t digits = strspn(word, "0123456789");
    *number = digits && !word[digits] && digits <= RUN_DIGITS ? strtoll(word, NULL, 10) : 0;
    return *number > 0;
}
