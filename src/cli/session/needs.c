#include "cli/session/needs.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "mpijob/kind.h"

#define JOBS "kubeflow.org", "mpijobs"
static const struct needs_permission permissions[NEEDS_VERBS] = {
    {"get", JOBS},         {"list", JOBS},           {"update", JOBS},
    {"patch", JOBS},       {"create", JOBS},         {"delete", JOBS},
    {"watch", JOBS},       {"get", "batch", "jobs"}, {"patch", "batch", "jobs"},
    {"get", "", "pods"},   {"list", "", "pods"},     {"watch", "", "pods"},
    {"patch", "", "pods"},
};

struct needs_permission needs_permission_of(enum mpijob_kind kind, unsigned bit)
{
    struct needs_permission p = permissions[bit];
    if (1u << bit <= NEEDS_WATCH)
        p.resource = mpijob_kind_info(kind)->plural;
    return p;
}

#define REPLACING (NEEDS_GET | NEEDS_UPDATE)
#define ALL (NEEDS_LIST | REPLACING)
#define WRITES (NEEDS_UPDATE | NEEDS_PATCH | NEEDS_CREATE | NEEDS_DELETE | NEEDS_JOB_PATCH | NEEDS_POD_PATCH)
/* Which of the two it is depends on the version that is served. */
#define LAUNCHER (NEEDS_JOB_GET | NEEDS_JOB_PATCH | NEEDS_POD_GET | NEEDS_POD_PATCH)
#define EFFECT (NEEDS_WATCH | NEEDS_POD_LIST | NEEDS_POD_WATCH)

/* A replacement reads the job again after a conflict, and what a lost answer has done: hence get. */
static const struct {
    const char *name;
    unsigned verbs;
} functions[] = {
    {"get", NEEDS_GET},
    {"list", NEEDS_LIST | NEEDS_GET},
    {"replace", REPLACING},
    {"replace_object", REPLACING},
    {"patch", NEEDS_GET | NEEDS_PATCH},
    {"create", NEEDS_GET | NEEDS_CREATE},
    {"delete", NEEDS_GET | NEEDS_DELETE},
    {"watch", NEEDS_LIST | NEEDS_WATCH},
    {"pods", NEEDS_POD_LIST},
    {"launcher", NEEDS_JOB_GET | NEEDS_POD_GET},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

/* ---- what a source names ---- */

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

/* Behind the comment or string at p; p itself if there is none. */
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
static unsigned verbs_after(const char **p, const char *end)
{
    const char *q = skip_blank(*p, end);
    if (q >= end || *q != '.')
        return ALL;
    q = skip_blank(q + 1, end);
    struct str name = word_at(q, end);
    *p = q + name.len;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (str_is(name, functions[i].name))
            return functions[i].verbs;
    }
    return 0; /* there is no such function */
}

unsigned needs_of_source(struct str source, enum mpijob_kind kind, bool *others)
{
    const char *module = mpijob_kind_info(kind)->singular;
    bool workers = false;
    unsigned verbs = 0;
    const char *p = source.ptr, *end = p + source.len;
    while (p < end) {
        const char *behind = skip_text(p, end);
        struct str word = word_at(p, end);
        if (behind != p) {
            p = behind;
            continue;
        }
        p += word.len ? word.len : 1;
        if (str_is(word, module))
            verbs |= verbs_after(&p, end);
        else if (kind != KIND_MPIJOB) /* the rest is about these, or counted once */
            continue;
        else if (str_is(word, "_G") || str_is(word, "_ENV") || str_is(word, "load"))
            verbs |= ALL;
        else if (str_is(word, "run") && names_jobs(p, end))
            verbs |= NEEDS_LIST;
        else if (str_is(word, "through_launcher"))
            verbs |= LAUNCHER;
        else if (str_is(word, "wait_effect"))
            verbs |= EFFECT;
        else if (str_is(word, "workers"))
            workers = true;
        else if (str_is(word, "active") && workers) /* of a job that has ended they are counted */
            verbs |= NEEDS_POD_LIST;
        else if (str_is(word, "kube") && others)
            *others = true;
    }
    return verbs;
}

/* ---- policies ---- */

static unsigned verbs_of(const struct policy_entry *e, enum mpijob_kind kind, bool *others)
{
    const struct policy *p = e->policy;
    unsigned verbs = p->action == ACTION_RUN || p->kind != kind ? 0 : ALL;
    if (p->action != ACTION_TABLE || p->where != LUA_NOREF)
        verbs |= needs_of_source(buf_str(&e->file->text), kind, others);
    if (p->through_launcher && kind == KIND_MPIJOB)
        verbs |= LAUNCHER;
    if (p->wait_effect && p->kind == kind)
        verbs |= EFFECT;
    return p->dry_run ? verbs & ~(unsigned)WRITES : verbs;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int add(struct needs *needs, const char *name_space, enum mpijob_kind kind, unsigned verbs, struct error *err)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (needs->places[i].kind == kind && same(needs->places[i].name_space, name_space)) {
            needs->places[i].verbs |= verbs;
            return 0;
        }
    }
    struct needs_place *places = realloc(needs->places, (needs->count + 1) * sizeof *places);
    char *name = places && name_space ? str_dup(str_of(name_space)) : NULL;
    if (places)
        needs->places = places;
    if (!places || (name_space && !name))
        return error_nomem(err);
    places[needs->count++] = (struct needs_place){name, kind, verbs};
    return 0;
}

/* matches: only where the policy's match can hold. */
static int add_verbs(struct needs *needs, const struct policy *p, enum mpijob_kind kind, unsigned verbs, bool matches,
                     const char *const *scope, struct error *err)
{
    const char *const *names = scope ? scope : matches ? mpijob_match_namespaces(p->match) : NULL;
    int rc = 0;
    if (!verbs)
        return 0;
    if (!names)
        return add(needs, NULL, kind, verbs, err);
    for (; *names && !rc; names++) {
        if (!matches || mpijob_match_in_namespace(p->match, str_of(*names)))
            rc = add(needs, *names, kind, verbs, err);
    }
    return rc;
}

static int add_policy(struct needs *needs, const struct policy_entry *e, enum mpijob_kind kind,
                      const char *const *scope, struct error *err)
{
    const struct policy *p = e->policy;
    bool matches = p->action != ACTION_RUN; /* a run function asks for what it likes, whatever the policy's match */
    int rc = add_verbs(needs, p, kind, verbs_of(e, kind, &needs->others), matches, scope, err);
    if (rc || !p->on || kind != p->kind)
        return rc;
    return add_verbs(needs, p, kind, NEEDS_LIST | NEEDS_WATCH, true, scope, err);
}

static int add_kinds(struct needs *needs, const struct policy_entry *e, const char *const *scope, struct error *err)
{
    int rc = 0;
    for (int kind = 0; kind < MPIJOB_KINDS && !rc; kind++)
        rc = add_policy(needs, e, (enum mpijob_kind)kind, scope, err);
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct needs_place *x = a, *y = b;
    int order = (x->name_space != NULL) - (y->name_space != NULL);
    if (!order && x->name_space)
        order = strcmp(x->name_space, y->name_space);
    return order ? order : (int)x->kind - (int)y->kind;
}

/* All namespaces first; what is allowed there need not be said again. */
static void tidy(struct needs *needs)
{
    size_t kept = 0;
    if (needs->count)
        qsort(needs->places, needs->count, sizeof *needs->places, by_place);
    unsigned everywhere[MPIJOB_KINDS] = {0};
    for (size_t i = 0; i < needs->count && !needs->places[i].name_space; i++)
        everywhere[needs->places[i].kind] = needs->places[i].verbs;
    for (size_t i = 0; i < needs->count; i++) {
        struct needs_place *place = &needs->places[i];
        if (place->name_space)
            place->verbs &= ~everywhere[place->kind];
        if (place->verbs)
            needs->places[kept++] = *place;
        else
            free(place->name_space);
    }
    needs->count = kept;
}

int needs_of_policies(struct needs *needs, const struct policy_set *set, const char *cluster, const char *const *scope,
                      struct error *err)
{
    int rc = 0;
    *needs = (struct needs){0};
    for (size_t i = 0; i < set->count && !rc; i++) {
        if (!cluster || policy_on_cluster(set->entries[i].policy, cluster))
            rc = add_kinds(needs, &set->entries[i], scope, err);
    }
    tidy(needs);
    return rc;
}

int needs_of_daemon(struct needs *needs, const char *const *scope, struct error *err)
{
    int rc = 0;
    *needs = (struct needs){0};
    if (!scope)
        return add(needs, NULL, KIND_MPIJOB, ALL, err);
    for (; *scope && !rc; scope++)
        rc = add(needs, *scope, KIND_MPIJOB, ALL, err);
    tidy(needs);
    return rc;
}

void needs_free(struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        free(needs->places[i].name_space);
    free(needs->places);
    *needs = (struct needs){0};
}
