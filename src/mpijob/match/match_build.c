/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting conditions: each is checked when it is given, so that a mistake is reported where it was made. */
#include <stdlib.h>

#include "mpijob/inspect/inspect.h"
#include "mpijob/match/match_parts.h"
#include "mpijob/shown.h"

#define ANNOTATIONS_MAX 128 /* each is looked up in each job */

const char *const match_policies[] = {"None", "Running", "All", "unset", NULL};

struct mpijob_match *mpijob_match_new(void)
{
    struct mpijob_match *m = calloc(1, sizeof *m);
    for (int i = 0; m && i < MATCH_SPANS; i++)
        m->spans[i] = -1;
    return m;
}

void mpijob_match_free(struct mpijob_match *match)
{
    if (!match)
        return;
    match_names_free(&match->namespaces);
    match_names_free(&match->names);
    free(match->hold);
    selector_free(&match->labels);
    for (size_t i = 0; i < match->annotation_count; i++) {
        free(match->annotations[i].key);
        free(match->annotations[i].value);
    }
    free(match->annotations);
    free(match->gpus);
    free(match);
}

/* ---- conditions ---- */

void mpijob_match_deleting(struct mpijob_match *m, enum mpijob_deleting deleting)
{
    m->deleting = deleting;
}

int mpijob_match_namespace(struct mpijob_match *m, const char *glob, struct error *err)
{
    return match_names_add(&m->namespaces, "namespace", glob, err);
}

int mpijob_match_name(struct mpijob_match *m, const char *glob, struct error *err)
{
    return match_names_add(&m->names, "name", glob, err);
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
    if (m->annotation_count == ANNOTATIONS_MAX)
        return error_set(err, ERR_LIMIT, "match: more than %d conditions on annotations", ANNOTATIONS_MAX);
    struct match_pair *items = realloc(m->annotations, (m->annotation_count + 1) * sizeof *items);
    if (!items)
        return error_nomem(err);
    m->annotations = items;
    struct match_pair pair = {str_dup(key), str_dup(value)};
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
    static const char *const names[MATCH_SPANS] = {"older_than", "pending_for", "running_for", "finished_for"};
    if (us < 0)
        return error_set(err, ERR_INVALID, "match: %s must not be negative", names[span]);
    if (us > m->spans[span])
        m->spans[span] = us;
    return 0;
}

int mpijob_match_hold(struct mpijob_match *m, const char *annotation, int64_t most, struct error *err)
{
    char *copy = str_dup(str_of(annotation));
    if (!copy)
        return error_nomem(err);
    free(m->hold);
    m->hold = copy;
    m->hold_most = most;
    return 0;
}

void mpijob_match_wholes(struct mpijob_match *m, uint64_t kinds)
{
    m->wholes = kinds;
}

int mpijob_match_clean_pod_policy(struct mpijob_match *m, const char *value, struct error *err)
{
    for (unsigned i = 0; match_policies[i]; i++) {
        if (strcmp(value, match_policies[i]) == 0) {
            m->policies |= 1U << i;
            return 0;
        }
    }
    return unknown_word("cleanPodPolicy", value, match_policies, "None, Running, All, or \"unset\"", err);
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
        enum match_comparison comparison;
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
    struct match_gpus *items = realloc(m->gpus, (m->gpu_count + 1) * sizeof *items);
    if (!items)
        return error_nomem(err);
    m->gpus = items;
    items[m->gpu_count++] = (struct match_gpus){signs[i].comparison, strtoll(p, NULL, 10)};
    return 0;
}
