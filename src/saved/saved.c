/* SPDX-License-Identifier: Apache-2.0 */
/* Each job once, by its uid; then the sums. */
#include "saved/saved.h"

#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/texts.h"
#include "json/value.h"

struct job {
    UT_hash_handle hh;
    const char *uid, *policy, *group, *cluster; /* in its own memory, `texts` */
    char *texts;
    int64_t from, ends_by_itself, gpus;
    bool seen;
};

struct group {
    UT_hash_handle hh;
    struct saved_row row; /* texts of its first job */
    char key[];
};

struct saved {
    struct saved_options o;
    struct job *jobs;
    struct group *groups;
    struct group **sorted;
    struct saved_row total;
    int64_t not_seen, untold, cut;
    bool failed;
};

int saved_by_parse(const char *text, struct saved_options *o, struct error *err)
{
    o->label = NULL;
    if (!text || strcmp(text, "policy") == 0)
        o->by = SAVED_BY_POLICY;
    else if (strcmp(text, "namespace") == 0)
        o->by = SAVED_BY_NAMESPACE;
    else if (strcmp(text, "cluster") == 0)
        o->by = SAVED_BY_CLUSTER;
    else if (strncmp(text, "label:", 6) == 0 && text[6]) {
        o->by = SAVED_BY_LABEL;
        o->label = text + 6;
    } else
        return error_set(
            err, ERR_INVALID,
            "by takes policy, namespace, cluster or label:KEY with --saved, not \"%s\"; namespace, cluster "
            "and label:KEY go with the policy",
            text);
    return 0;
}

struct saved *saved_new(const struct saved_options *options)
{
    struct saved *s = calloc(1, sizeof *s);
    if (s)
        s->o = *options;
    return s;
}

static void free_job(struct job *j)
{
    free(j->texts);
    free(j);
}

void saved_free(struct saved *s)
{
    struct job *j, *next;
    struct group *g, *after;
    if (!s)
        return;
    HASH_ITER(hh, s->jobs, j, next)
    {
        HASH_DEL(s->jobs, j);
        free_job(j);
    }
    HASH_ITER(hh, s->groups, g, after)
    {
        HASH_DEL(s->groups, g);
        free(g);
    }
    free(s->sorted);
    free(s);
}

struct store_filter saved_filter(const struct saved *s)
{
    /* A day for the answer, and for the pods to go. */
    int64_t since = s->o.since - s->o.at_most - 24 * 3600 * CLOCK_SECOND;
    return (struct store_filter){.since = since > 0 ? since : 1, .oldest_first = true};
}

/* ---- one change ---- */

static bool is_done(const struct store_change *c)
{
    return c->outcome && (strcmp(c->outcome, "done") == 0 || strcmp(c->outcome, "done-unseen") == 0);
}

static bool removed_workers(const struct store_change *c)
{
    return c->effect && strcmp(c->effect, "effective") == 0 && c->diff && strstr(c->diff, "/cleanPodPolicy\"");
}

static int64_t number(struct json object, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(object, key), &n);
    return n;
}

static struct job *make(const struct saved *s, const struct store_change *c, struct json frees)
{
    struct buf label = BUF_INIT;
    const char *group = NULL;
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    struct json value = s->o.label ? json_get(json_get(frees, "labels"), s->o.label) : (struct json){{0}};
    if (json_type(value) == JSON_STRING) {
        json_decode(value, &label);
        buf_putc(&label, '\0');
        group = label.ptr;
    }
    if (s->o.by == SAVED_BY_NAMESPACE)
        group = c->name_space;
    if (s->o.by == SAVED_BY_CLUSTER)
        group = c->cluster;
    if (!label.failed)
        j->texts = TEXTS_COPY({&j->uid, c->uid}, {&j->policy, *c->policy ? c->policy : STORE_BY_HAND},
                              {&j->group, group}, {&j->cluster, c->cluster});
    buf_free(&label);
    if (!j->texts) {
        free(j);
        return NULL;
    }
    j->gpus = number(frees, "gpus");
    j->ends_by_itself = number(frees, "ends_by_itself");
    j->seen = c->observed && c->observed_at;
    j->from = j->seen ? c->observed_at : c->ended_at;
    return j;
}

static bool keep(struct saved *s, struct job *j)
{
    struct job *before;
    HASH_FIND_STR(s->jobs, j->uid, before);
    if (before && before->from <= j->from) { /* after the first there was nothing left to give back */
        free_job(j);
        return true;
    }
    if (before) {
        HASH_DEL(s->jobs, before);
        free_job(before);
    }
    HASH_ADD_KEYPTR(hh, s->jobs, j->uid, strlen(j->uid), j);
    if (j->hh.tbl)
        return true;
    free_job(j);
    return false;
}

bool saved_add(struct saved *s, const struct store_change *c)
{
    struct json frees;
    if (s->failed || !is_done(c) || !c->uid || !*c->uid)
        return !s->failed;
    if (!c->frees) { /* rows of an mpijobd that did not tell have no trace either */
        s->untold += !c->traceparent && removed_workers(c) && c->ended_at >= s->o.since;
        return true;
    }
    if (c->observed && strcmp(c->observed, "seen") != 0) {
        s->not_seen += c->observed_at >= s->o.since;
        return true;
    }
    if (json_parse(str_of(c->frees), "what a change has freed", &frees, NULL) || number(frees, "gpus") <= 0)
        return true;
    struct job *j = make(s, c, frees);
    s->failed = !j || !keep(s, j);
    return !s->failed;
}

/* ---- the sums ---- */

static double price(const struct saved *s, const char *cluster)
{
    double price = 0;
    for (size_t i = 0; i < s->o.price_count; i++) {
        const struct saved_price *p = &s->o.prices[i];
        if (p->cluster && cluster && strcmp(p->cluster, cluster) == 0)
            return p->gpu_hour;
        price = p->cluster ? price : p->gpu_hour;
    }
    return price;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct group *group_of(struct saved *s, const struct job *j)
{
    struct buf key = BUF_INIT;
    struct group *g = NULL;
    buf_printf(&key, "%s\n%s%s", j->policy, j->group ? "=" : "", j->group ? j->group : "");
    if (key.failed)
        return NULL;
    HASH_FIND_STR(s->groups, key.ptr, g);
    if (!g && (g = calloc(1, sizeof *g + key.len + 1))) {
        memcpy(g->key, key.ptr, key.len);
        g->row.policy = j->policy;
        g->row.group = j->group;
        HASH_ADD_STR(s->groups, key, g);
        if (!g->hh.tbl) {
            free(g);
            g = NULL;
        }
    }
    buf_free(&key);
    return g;
}

static void add(struct saved_row *row, const struct job *j, double hours, double worth)
{
    row->jobs++;
    row->seen += j->seen;
    row->gpus += j->gpus;
    row->hours += hours;
    row->worth += worth;
}

static bool add_job(struct saved *s, const struct job *j)
{
    int64_t end = least(s->o.now, j->from + s->o.at_most);
    bool cut = j->from + s->o.at_most <= s->o.now;
    if (j->ends_by_itself && j->ends_by_itself <= end) {
        end = j->ends_by_itself;
        cut = false;
    }
    int64_t from = j->from > s->o.since ? j->from : s->o.since;
    if (end <= from)
        return true;
    double hours = (double)j->gpus * ((double)(end - from) / 3600e6);
    double worth = hours * price(s, j->cluster);
    struct group *g = group_of(s, j);
    if (!g)
        return false;
    s->cut += cut;
    add(&g->row, j, hours, worth);
    add(&s->total, j, hours, worth);
    return true;
}

static int order(const void *a, const void *b)
{
    const struct saved_row *x = &(*(struct group *const *)a)->row, *y = &(*(struct group *const *)b)->row;
    if (x->hours != y->hours)
        return x->hours < y->hours ? 1 : -1;
    int policy = strcmp(x->policy, y->policy);
    return policy ? policy : strcmp(x->group ? x->group : "", y->group ? y->group : "");
}

int saved_sum(struct saved *s, struct error *err)
{
    size_t n = 0;
    for (struct job *j = s->jobs; j && !s->failed; j = j->hh.next)
        s->failed = !add_job(s, j);
    if (!s->failed)
        s->sorted = calloc(HASH_COUNT(s->groups) + 1, sizeof(struct group *));
    if (!s->sorted)
        return error_nomem(err);
    for (struct group *g = s->groups; g; g = g->hh.next)
        s->sorted[n++] = g;
    qsort(s->sorted, n, sizeof *s->sorted, order);
    return 0;
}

size_t saved_count(const struct saved *s)
{
    return HASH_COUNT(s->groups);
}

const struct saved_row *saved_at(const struct saved *s, size_t i)
{
    return &s->sorted[i]->row;
}

const struct saved_row *saved_total(const struct saved *s)
{
    return &s->total;
}

int64_t saved_not_seen(const struct saved *s)
{
    return s->not_seen;
}

int64_t saved_untold(const struct saved *s)
{
    return s->untold;
}

int64_t saved_cut(const struct saved *s)
{
    return s->cut;
}
