/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of policies: what there is, and how much of it. */
#include "outside/own_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "outside/outside_parts.h"

struct own {
    struct own *next;
    bool counter;
    struct metric *metric;
    const char *labels[OWN_LABELS_MAX + 2]; /* "policy" first; NULL at the end */
    char names[OWN_LABELS_MAX][OWN_NAME_MAX + 1];
    char name[OWN_NAME_MAX + 8];
};

/* What one policy has: its metrics, and their series. */
struct taken {
    UT_hash_handle hh;
    char key[];
};

struct owner {
    struct owner *next;
    struct taken *taken;
    unsigned metrics, series;
    char policy[64];
};

struct own_metrics {
    struct own *list;
    struct owner *owners;
};

static bool good_name(const char *name)
{
    size_t n = strlen(name);
    bool good = n >= 1 && n <= OWN_NAME_MAX && name[0] >= 'a' && name[0] <= 'z';
    for (const char *p = name; *p && good; p++)
        good = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_';
    return good;
}

static int check_names(const char *name, const struct own_label *labels, size_t count, struct error *err)
{
    static const char *const ends[] = {"_total", "_count", "_sum", "_bucket", "_created", "_info", NULL};
    for (size_t i = 0; ends[i]; i++) {
        if (str_ends(str_of(name), ends[i]))
            return error_set(err, ERR_INVALID, "a metric's name may not end in %s, which says what kind it is of",
                             ends[i]);
    }
    if (!good_name(name))
        return error_set(err, ERR_INVALID,
                         "\"%.80s\" is no name for a metric: small letters, digits and _, a letter first, at most %d",
                         name, OWN_NAME_MAX);
    if (count > OWN_LABELS_MAX)
        return error_set(err, ERR_LIMIT, "a metric has at most %d labels", OWN_LABELS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!good_name(labels[i].name) || strcmp(labels[i].name, "policy") == 0 || strcmp(labels[i].name, "le") == 0)
            return error_set(err, ERR_INVALID, "\"%.80s\" is no name for a label of a policy's metric", labels[i].name);
        if (strlen(labels[i].value) > OWN_VALUE_MAX)
            return error_set(err, ERR_LIMIT, "the value of the label %s is longer than %d bytes", labels[i].name,
                             OWN_VALUE_MAX);
    }
    return 0;
}

/* ---- how much there is ---- */

static struct owner *owner_of(struct own_metrics *all, const char *policy)
{
    struct owner *owner;
    LL_FOREACH(all->owners, owner)
    {
        if (strcmp(owner->policy, policy) == 0)
            return owner;
    }
    owner = calloc(1, sizeof *owner);
    if (!owner)
        return NULL;
    snprintf(owner->policy, sizeof owner->policy, "%s", policy);
    LL_PREPEND(all->owners, owner);
    return owner;
}

static bool has(const struct owner *owner, const char *key)
{
    struct taken *found;
    HASH_FIND_STR(owner->taken, key, found);
    return found != NULL;
}

static bool take(struct owner *owner, const char *key)
{
    size_t n = strlen(key);
    struct taken *t = calloc(1, sizeof *t + n + 1);
    if (!t)
        return false;
    memcpy(t->key, key, n);
    HASH_ADD_STR(owner->taken, key, t);
    if (t->hh.tbl)
        return true;
    free(t);
    return false;
}

/* Values are separated by a byte that no UTF-8 text has. */
static void series_key(char *out, size_t size, const char *name, const struct own_label *labels, size_t count)
{
    size_t n = (size_t)snprintf(out, size, "%s", name);
    for (size_t i = 0; i < count; i++)
        n += (size_t)snprintf(out + n, size - n, "\xff%s", labels[i].value);
}

static int count_in(struct owner *owner, const char *name, const struct own_label *labels, size_t count,
                    struct error *err)
{
    char series[OWN_NAME_MAX + OWN_LABELS_MAX * (OWN_VALUE_MAX + 1) + 8], metric[OWN_NAME_MAX + 8];
    snprintf(metric, sizeof metric, "%s\xfe", name);
    series_key(series, sizeof series, name, labels, count);
    bool new_metric = !has(owner, metric), new_series = !has(owner, series);
    if (new_metric && owner->metrics == OWN_METRICS_MAX)
        return error_set(err, ERR_LIMIT, "a policy has at most %d metrics", OWN_METRICS_MAX);
    if (new_series && owner->series == OWN_SERIES_MAX)
        return error_set(err, ERR_LIMIT,
                         "a policy's metrics have at most %d sets of label values; is a job's name one of them?",
                         OWN_SERIES_MAX);
    if ((new_metric && !take(owner, metric)) || (new_series && !take(owner, series)))
        return error_nomem(err);
    owner->metrics += new_metric;
    owner->series += new_series;
    return 0;
}

/* ---- metrics ---- */

static bool same_labels(const struct own *own, const struct own_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!own->labels[i + 1] || strcmp(own->labels[i + 1], labels[i].name) != 0)
            return false;
    }
    return own->labels[count + 1] == NULL;
}

static struct own *make(struct outside *o, bool counter, const char *name, const struct own_label *labels, size_t count)
{
    struct own *own = calloc(1, sizeof *own);
    if (!own)
        return NULL;
    own->counter = counter;
    snprintf(own->name, sizeof own->name, "own_%s", name);
    own->labels[0] = "policy";
    for (size_t i = 0; i < count; i++) {
        snprintf(own->names[i], sizeof own->names[i], "%s", labels[i].name);
        own->labels[i + 1] = own->names[i];
    }
    own->metric = counter ? metrics_counter(o->metrics, own->name, NULL, "Counted by policies.", own->labels)
                          : metrics_gauge(o->metrics, own->name, NULL, "Set by policies.", own->labels);
    LL_PREPEND(o->own->list, own);
    return own;
}

static int find(struct outside *o, bool counter, const char *name, const struct own_label *labels, size_t count,
                struct own **out, struct error *err)
{
    struct own *own;
    LL_FOREACH(o->own->list, own)
    {
        if (strcmp(own->name + 4, name) != 0)
            continue;
        if (own->counter != counter || !same_labels(own, labels, count))
            return error_set(err, ERR_INVALID,
                             "the metric %s is a %s with other labels already; take another name, or the same labels "
                             "each time",
                             name, own->counter ? "counter" : "gauge");
        break;
    }
    *out = own ? own : make(o, counter, name, labels, count);
    return *out ? 0 : error_nomem(err);
}

int own_metric(struct outside *o, const char *policy, bool counter, const char *name, double value,
               const struct own_label *labels, size_t count, struct error *err)
{
    const char *values[OWN_LABELS_MAX + 1] = {policy};
    struct own *own;
    int rc = check_names(name, labels, count, err);
    if (rc || !o->metrics)
        return rc;
    if (!o->own && !(o->own = calloc(1, sizeof *o->own)))
        return error_nomem(err);
    struct owner *owner = owner_of(o->own, policy);
    if (!owner)
        return error_nomem(err);
    rc = find(o, counter, name, labels, count, &own, err);
    if (!rc)
        rc = count_in(owner, name, labels, count, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < count; i++)
        values[i + 1] = labels[i].value;
    if (counter)
        metric_add(own->metric, value, values);
    else
        metric_set(own->metric, value, values);
    return 0;
}

void own_metrics_free(struct outside *o)
{
    struct own *own, *next;
    struct owner *owner, *after;
    if (!o->own)
        return;
    LL_FOREACH_SAFE(o->own->list, own, next)
    {
        metric_clear(own->metric);
        free(own);
    }
    LL_FOREACH_SAFE(o->own->owners, owner, after)
    {
        struct taken *t, *later;
        HASH_ITER(hh, owner->taken, t, later)
        {
            HASH_DEL(owner->taken, t);
            free(t);
        }
        free(owner);
    }
    free(o->own);
    o->own = NULL;
}
