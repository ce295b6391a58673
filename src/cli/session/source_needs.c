/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's source needs: a scanner that finds the functions of our modules, and the words that need more. */
#include "cli/session/source_needs.h"

#include "binding/modules.h"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Behind the long bracket ([[...]], [==[...]==]) that begins at p; p itself if none does. */
static const char *skip_long(const char *p, const char *end)
{
    const char *q = p + 1;
    while (q < end && *q == '=')
        q++;
    size_t level = (size_t)(q - p) - 1;
    if (q >= end || *q != '[')
        return p;
    for (q++; q < end; q++) {
        size_t n = 0;
        if (*q != ']')
            continue;
        while (q + 1 + n < end && q[1 + n] == '=')
            n++;
        if (n == level && q + 1 + n < end && q[1 + n] == ']')
            return q + 2 + n;
    }
    return end;
}

static const char *skip_quoted(const char *p, const char *end)
{
    char quote = *p++;
    while (p < end && *p != quote && *p != '\n')
        p += *p == '\\' ? 2 : 1;
    return p < end ? p + 1 : end;
}

/* Behind the comment or string at p; p itself if neither begins there. */
static const char *skip_text(const char *p, const char *end)
{
    if (*p == '"' || *p == '\'')
        return skip_quoted(p, end);
    if (*p == '[')
        return skip_long(p, end);
    if (*p != '-' || p + 1 >= end || p[1] != '-')
        return p;
    p += 2;
    const char *behind = p < end && *p == '[' ? skip_long(p, end) : p;
    if (behind != p)
        return behind;
    while (p < end && *p != '\n')
        p++;
    return p;
}

static const char *skip_blank(const char *p, const char *end)
{
    for (const char *from = NULL; p != from;) {
        from = p;
        while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
            p++;
        if (p < end && *p == '-')
            p = skip_text(p, end);
    }
    return p;
}

static struct str word_at(const char *p, const char *end)
{
    const char *from = p;
    while (p < end && is_word(*p))
        p++;
    return str_n(from, (size_t)(p - from));
}

/* run.jobs, at the word `run`: without `on` it lists. */
static bool names_jobs(const char *p, const char *end)
{
    const char *q = skip_blank(p, end);
    if (q >= end || *q != '.')
        return false;
    q = skip_blank(q + 1, end);
    return str_is(word_at(q, end), "jobs");
}

/* What follows the module's name, at *p; moved behind what was understood. */
static unsigned needs_after(const struct binding_module *m, const char **p, const char *end)
{
    const char *q = skip_blank(*p, end);
    if (q >= end || *q != '.')
        return m->needs;
    q = skip_blank(q + 1, end);
    struct str name = word_at(q, end);
    *p = q + name.len;
    const struct binding_function *f = binding_function_of(m, name);
    return f ? f->needs : MAY_NOTHING; /* there is no such function */
}

/* What `require` takes, at the word: it is used by a name that is not followed. NULL: not a name in quotes. */
static struct str required(const char *p, const char *end)
{
    const char *q = skip_blank(p, end);
    if (q < end && *q == '(')
        q = skip_blank(q + 1, end);
    return q < end && (*q == '"' || *q == '\'') ? word_at(q + 1, end) : str_of(NULL);
}

/* Words of a policy that need something whatever they belong to. */
static const struct {
    const char *word;
    unsigned needs;
} words[] = {
    {"_G", MAY_LIST | MAY_REPLACE},
    {"_ENV", MAY_LIST | MAY_REPLACE},
    {"load", MAY_LIST | MAY_REPLACE},
    {"require", MAY_LIST | MAY_REPLACE}, /* of a name that is not in quotes */
    {"through_launcher", MAY_CHANGE_LAUNCHER},
    {"wait_effect", MAY_SEE_EFFECT},
};

/* why(job), where the file has no function of its own of that name: not a field, not what is set. */
struct why_seen {
    struct str before; /* the word, or the character, that came last */
    bool own;          /* the file has said `local why`, or `function why` */
};

static unsigned needs_of_why(struct why_seen *seen, const char *p, const char *end)
{
    const char *q = skip_blank(p, end);
    bool set = q < end && *q == '=' && !(q + 1 < end && q[1] == '='), local = str_is(seen->before, "local");
    if (set && local && str_is(word_at(skip_blank(q + 1, end), end), "why"))
        return MAY_GET; /* local why = why */
    seen->own = seen->own || local || str_is(seen->before, "function");
    return seen->own || set || str_is(seen->before, ".") || str_is(seen->before, ":") ? MAY_NOTHING : MAY_GET;
}

/* The word that ends at p. counted: `workers` was there before. */
static unsigned needs_of_word(struct str word, const char *p, const char *end, bool *counted)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(word, words[i].word))
            return words[i].needs;
    }
    if (str_is(word, "run") && names_jobs(p, end))
        return MAY_LIST;
    if (str_is(word, "workers"))
        *counted = true;
    if (str_is(word, "kueue")) /* match.kueue, or job.kueue: Workloads are listed where their state is asked for */
        return MAY_LIST_WORKLOADS;
    /* workers.active of a job that has ended: its pods are counted */
    return str_is(word, "active") && *counted ? MAY_LIST_PODS : MAY_NOTHING;
}

/* m: a module that has a name. all: the words that belong to no module count too. */
static unsigned scan(struct str source, const struct binding_module *m, bool all)
{
    const char *p = source.ptr, *end = p + source.len;
    bool counted = false, used = false, through = false;
    struct why_seen why = {0};
    unsigned needs = MAY_NOTHING;
    while (p < end) {
        const char *behind = skip_text(p, end);
        struct str word = word_at(p, end);
        if (behind != p) {
            p = behind;
            continue;
        }
        p += word.len ? word.len : 1;
        used = used || str_is(word, m->name);
        through = through || str_is(word, "through_child");
        if (str_is(word, m->name))
            needs |= needs_after(m, &p, end);
        else if (str_is(word, "require") && required(p, end).ptr)
            needs |= str_is(required(p, end), m->name) ? m->needs : MAY_NOTHING;
        else if (all && str_is(word, "why"))
            needs |= needs_of_why(&why, p, end);
        else if (all)
            needs |= needs_of_word(word, p, end, &counted);
        if (word.len || (p[-1] != ' ' && p[-1] != '\n' && p[-1] != '\t' && p[-1] != '\r'))
            why.before = word.len ? word : str_n(p - 1, 1);
    }
    return needs | (m->of_a_kind && used && through ? permissions_through(m->kind) : MAY_NOTHING);
}

void source_uses(struct str source, const char *module, const char *function, void (*found)(void *data, size_t at),
                 void *data)
{
    const char *p = source.ptr, *end = p + source.len, *q;
    for (bool field = false; p < end;) {
        const char *behind = skip_text(p, end), *at = p;
        struct str word = word_at(p, end);
        if (behind != p) {
            p = behind;
            continue;
        }
        p += word.len ? word.len : 1;
        if (!field && str_is(word, module) && (q = skip_blank(p, end)) < end && *q == '.' &&
            str_is(word_at(skip_blank(q + 1, end), end), function))
            found(data, (size_t)(at - source.ptr));
        field = !word.len && (*at == '.' || *at == ':');
    }
}

unsigned needs_of_source(struct str source, const struct mpijob_kind *kind)
{
    struct binding_module m;
    unsigned needs = MAY_NOTHING;
    /* The modules that are of no kind, and the words, are counted once, with MPIJobs. */
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        if (m.name && (m.of_a_kind ? m.kind == kind : kind == KIND_MPIJOB))
            needs |= scan(source, &m, m.of_a_kind && kind == KIND_MPIJOB);
    }
    return needs;
}
