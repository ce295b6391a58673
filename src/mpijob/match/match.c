#include "mpijob/match/match.h"

#include <stdlib.h>

#include "mpijob/inspect/inspect.h"
#include "mpijob/match/selector.h"
#include "mpijob/shown.h"

#define SPANS 4

struct texts {
    char **items; /* ends at NULL; NULL while there is none */
    size_t count;
};

struct pair {
    char *key, *value;
};

enum comparison { LESS, AT_MOST, EQUAL, DIFFERENT, AT_LEAST, MORE };
struct gpus {
    enum comparison comparison;
    int64_t number;
};

struct mpijob_match {
    struct texts namespaces, names;
    unsigned phases;   /* bit per phase; 0: any */
    unsigned policies; /* bit per entry of policy_names; 0: any */
    unsigned problems; /* bit per enum mpijob_problem; 0: not asked for */
    struct selector labels;
    struct pair *annotations;
    size_t annotation_count;
    struct gpus *gpus;
    size_t gpu_count;
    int64_t spans[SPANS]; /* microseconds; -1: not asked for */
};

static const char *const policy_names[] = {"None", "Running", "All", "unset", NULL};
#define POLICY_UNSET 3

struct mpijob_match *mpijob_match_new(void)
{
    struct mpijob_match *m = calloc(1, sizeof *m);
    for (int i = 0; m && i < SPANS; i++)
        m->spans[i] = -1;
    return m;
}

static void free_texts(struct texts *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->items[i]);
    free(t->items);
}

void mpijob_match_free(struct mpijob_match *match)
{
    if (!match)
        return;
    free_texts(&match->namespaces);
    free_texts(&match->names);
    selector_free(&match->labels);
    for (size_t i = 0; i < match->annotation_count; i++) {
        free(match->annotations[i].key);
        free(match->annotations[i].value);
    }
    free(match->annotations);
    free(match->gpus);
    free(match);
}

/* ---- building ---- */

/* Names and namespaces are lower case by Kubernetes' rules: a glob with anything else could never match. */
static int add_glob(struct texts *t, const char *what, const char *glob, struct error *err)
{
    if (!*glob)
        return error_set(err, ERR_INVALID, "match: an empty %s matches nothing; leave it out, or write \"*\"", what);
    for (const char *p = glob; *p; p++) {
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr("-.*?", *p)))
            return error_set(
                err, ERR_INVALID,
                "match: %s \"%.*s\" can never match: names consist of lower-case letters, digits, '-' and '.' "
                "(and * or ? here)",
                what, shown(str_of(glob), 80), glob);
    }
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->items[i], glob) == 0)
            return 0;
    }
    char **items = realloc(t->items, (t->count + 2) * sizeof *items);
    if (!items)
        return error_nomem(err);
    t->items = items;
    items[t->count] = str_dup(str_of(glob));
    if (!items[t->count])
        return error_nomem(err);
    items[++t->count] = NULL;
    return 0;
}

int mpijob_match_namespace(struct mpijob_match *m, const char *glob, struct error *err)
{
    return add_glob(&m->namespaces, "namespace", glob, err);
}

int mpijob_match_name(struct mpijob_match *m, const char *glob, struct error *err)
{
    return add_glob(&m->names, "name", glob, err);
}

static int unknown_word(const char *what, const char *given, const char *const *known, const char *all,
                        struct error *err)
{
    const char *nearest = str_nearest(given, known);
    return error_set(err, ERR_INVALID, "match: \"%.*s\" is no %s%s%s%s (%s)", shown(str_of(given), 80), given, what,
                     nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "", all);
}

int mpijob_match_phase(struct mpijob_match *m, const char *phase, struct error *err)
{
    const char *names[MPIJOB_PHASES + 1] = {NULL};
    enum mpijob_phase parsed;
    if (mpijob_phase_parse(str_of(phase), &parsed)) {
        m->phases |= 1U << parsed;
        return 0;
    }
    for (int i = 0; i < MPIJOB_PHASES; i++)
        names[i] = mpijob_phase_name((enum mpijob_phase)i);
    return unknown_word("phase", phase, names, "Pending, Running, Restarting, Suspended, Succeeded, Failed", err);
}

int mpijob_match_labels(struct mpijob_match *m, const char *selector, struct error *err)
{
    return selector_parse(&m->labels, selector, err);
}

int mpijob_match_label(struct mpijob_match *m, struct str key, struct str value, struct error *err)
{
    return selector_equal(&m->labels, key, value, err);
}

int mpijob_match_annotation(struct mpijob_match *m, struct str key, struct str value, struct error *err)
{
    int rc = mpijob_annotation_check(key, err);
    if (rc)
        return rc;
    struct pair *items = realloc(m->annotations, (m->annotation_count + 1) * sizeof *items);
    if (!items)
        return error_nomem(err);
    m->annotations = items;
    struct pair pair = {str_dup(key), str_dup(value)};
    if (!pair.key || !pair.value) {
        free(pair.key);
        free(pair.value);
        return error_nomem(err);
    }
    items[m->annotation_count++] = pair;
    return 0;
}

int mpijob_match_span(struct mpijob_match *m, enum mpijob_span span, int64_t us, struct error *err)
{
    static const char *const names[SPANS] = {"older_than", "pending_for", "running_for", "finished_for"};
    if (us < 0)
        return error_set(err, ERR_INVALID, "match: %s must not be negative", names[span]);
    if (us > m->spans[span])
        m->spans[span] = us;
    return 0;
}

int mpijob_match_clean_pod_policy(struct mpijob_match *m, const char *value, struct error *err)
{
    for (unsigned i = 0; policy_names[i]; i++) {
        if (strcmp(value, policy_names[i]) == 0) {
            m->policies |= 1U << i;
            return 0;
        }
    }
    return unknown_word("cleanPodPolicy", value, policy_names, "None, Running, All, or \"unset\"", err);
}

bool mpijob_match_has_problem(const struct mpijob_match *m)
{
    return m->problems != 0;
}

int mpijob_match_problem(struct mpijob_match *m, const char *problem, struct error *err)
{
    unsigned bits;
    if (!mpijob_problem_parse(str_of(problem), &bits))
        return unknown_word("problem", problem, mpijob_problem_names(), "mpijobd inspect --help lists them", err);
    m->problems |= bits;
    return 0;
}

int mpijob_match_gpus(struct mpijob_match *m, const char *comparison, struct error *err)
{
    static const struct {
        const char *text;
        enum comparison comparison;
    } signs[] = {{"<=", AT_MOST}, {">=", AT_LEAST}, {"==", EQUAL}, {"!=", DIFFERENT},
                 {"<", LESS},     {">", MORE},      {"=", EQUAL},  {"", EQUAL}};
    size_t i = 0;
    const char *p = comparison + strspn(comparison, " ");
    while (strncmp(p, signs[i].text, strlen(signs[i].text)) != 0)
        i++;
    p += strlen(signs[i].text);
    p += strspn(p, " ");
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 15 || p[digits + strspn(p + digits, " ")])
        return error_set(err, ERR_INVALID,
                         "match: gpus \"%.*s\" is no comparison; write one such as \">0\", \"<=8\" or \"==4\"",
                         shown(str_of(comparison), 80), comparison);
    struct gpus *items = realloc(m->gpus, (m->gpu_count + 1) * sizeof *items);
    if (!items)
        return error_nomem(err);
    m->gpus = items;
    items[m->gpu_count++] = (struct gpus){signs[i].comparison, strtoll(p, NULL, 10)};
    return 0;
}

/* ---- matching ---- */

static bool any_glob(const struct texts *t, struct str text)
{
    for (size_t i = 0; i < t->count; i++) {
        if (str_glob(t->items[i], text))
            return true;
    }
    return t->count == 0;
}

static bool policy_matches(const struct mpijob_match *m, const struct mpijob_view *view)
{
    struct json value = mpijob_field_value(view->object, FIELD_CLEAN_POD_POLICY, view->target);
    if (!json_exists(value))
        return m->policies & (1U << POLICY_UNSET);
    for (unsigned i = 0; i < POLICY_UNSET; i++) {
        if ((m->policies & (1U << i)) && json_string_is(value, str_of(policy_names[i])))
            return true;
    }
    return false;
}

static bool annotations_match(const struct mpijob_match *m, struct json annotations)
{
    for (size_t i = 0; i < m->annotation_count; i++) {
        struct json value = json_get(annotations, m->annotations[i].key);
        if (!json_string_is(value, str_of(m->annotations[i].value)))
            return false;
    }
    return true;
}

static bool gpus_match(const struct mpijob_match *m, int64_t held)
{
    for (size_t i = 0; i < m->gpu_count; i++) {
        int64_t n = m->gpus[i].number;
        const bool results[] = {held<n, held <= n, held == n, held != n, held >= n, held> n};
        if (!results[m->gpus[i].comparison])
            return false;
    }
    return true;
}

/* The instant from which a span counts; MPIJOB_NO_TIME where the job is not in the phase that it is about. */
static int64_t span_start(const struct mpijob_view *view, enum mpijob_span span)
{
    switch (span) {
    case SPAN_OLDER_THAN:
        return view->created;
    case SPAN_PENDING_FOR:
        return view->phase == PHASE_PENDING ? view->pending_since : MPIJOB_NO_TIME;
    case SPAN_RUNNING_FOR:
        return view->phase == PHASE_RUNNING ? view->running_since : MPIJOB_NO_TIME;
    case SPAN_FINISHED_FOR:
        return mpijob_phase_finished(view->phase) ? view->finished : MPIJOB_NO_TIME;
    }
    return MPIJOB_NO_TIME;
}

/* When the last of the spans is reached: MPIJOB_NO_TIME (long ago) where none is asked for, INT64_MAX where one never
 * is. */
static int64_t spans_due(const struct mpijob_match *m, const struct mpijob_view *view)
{
    int64_t latest = MPIJOB_NO_TIME;
    for (int i = 0; i < SPANS; i++) {
        if (m->spans[i] < 0)
            continue;
        int64_t due, start = span_start(view, (enum mpijob_span)i);
        if (start == MPIJOB_NO_TIME || __builtin_add_overflow(start, m->spans[i], &due))
            return INT64_MAX;
        if (due > latest)
            latest = due;
    }
    return latest;
}

/* When the job has one of the problems asked for: long ago, at the instant at which time gives it one, or never. */
static int64_t problems_due(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now)
{
    unsigned bits;
    int64_t due;
    if (!m->problems)
        return MPIJOB_NO_TIME;
    if (mpijob_problems(view, now, m->problems, &bits, &due, NULL))
        return INT64_MAX;
    return bits & m->problems ? MPIJOB_NO_TIME : due;
}

bool mpijob_match_name_fits(const struct mpijob_match *m, const struct mpijob_view *view)
{
    return any_glob(&m->namespaces, view->name_space) && any_glob(&m->names, view->name);
}

int64_t mpijob_match_since(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now)
{
    bool fits = (!m->phases || (m->phases & (1U << view->phase))) && mpijob_match_name_fits(m, view) &&
                gpus_match(m, view->gpus) && selector_match(&m->labels, view->labels) &&
                annotations_match(m, view->annotations) && (!m->policies || policy_matches(m, view));
    if (!fits)
        return INT64_MAX;
    int64_t spans = spans_due(m, view), problems = spans == INT64_MAX ? spans : problems_due(m, view, now);
    return spans > problems ? spans : problems;
}

bool mpijob_match_has_span(const struct mpijob_match *m, enum mpijob_span span)
{
    return m->spans[span] >= 0;
}

bool mpijob_match_timed(const struct mpijob_match *m)
{
    bool timed = m->problems != 0; /* a deadline that has passed is one */
    for (int i = 0; i < SPANS; i++)
        timed = timed || m->spans[i] >= 0;
    return timed;
}

bool mpijob_match_eval(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now, int64_t *due)
{
    int64_t at = mpijob_match_since(m, view, now);
    if (due)
        *due = at > now ? at : now;
    return at <= now && at != INT64_MAX;
}

void mpijob_match_selector(const struct mpijob_match *m, struct buf *out)
{
    selector_write(&m->labels, out);
}

const char *const *mpijob_match_namespaces(const struct mpijob_match *m)
{
    for (size_t i = 0; i < m->namespaces.count; i++) {
        if (strpbrk(m->namespaces.items[i], "*?"))
            return NULL;
    }
    return (const char *const *)m->namespaces.items;
}

bool mpijob_match_in_namespace(const struct mpijob_match *m, struct str name_space)
{
    return any_glob(&m->namespaces, name_space);
}

unsigned mpijob_match_phases(const struct mpijob_match *m)
{
    return m->phases;
}

bool mpijob_match_named(const struct mpijob_match *m, struct str name)
{
    return any_glob(&m->names, name);
}

bool mpijob_match_wants(const struct mpijob_match *m, size_t *i, struct mpijob_want *want)
{
    return selector_wants(&m->labels, i, want);
}

struct mpijob_match *mpijob_match_scope(const struct mpijob_match *m)
{
    struct mpijob_match *scope = mpijob_match_new();
    struct buf labels = BUF_INIT;
    int rc = scope ? 0 : ERR_NOMEM;
    for (size_t i = 0; i < m->namespaces.count && !rc; i++)
        rc = mpijob_match_namespace(scope, m->namespaces.items[i], NULL);
    mpijob_match_selector(m, &labels);
    if (!rc && labels.len)
        rc = mpijob_match_labels(scope, labels.ptr, NULL);
    if (rc || labels.failed) {
        mpijob_match_free(scope);
        scope = NULL;
    }
    buf_free(&labels);
    return scope;
}
