/* SPDX-License-Identifier: Apache-2.0 */
/* The state beside a plan, read as the daemon would at its start. */
#include "cli/plan/plan_past.h"

#include <stdlib.h>

#include "json/write.h"

struct plan_note {
    char policy[64];
    char *cluster;     /* owned */
    bool again, warns; /* as the policy says */
    bool told;         /* of several clusters */
    size_t at;         /* the policy's place in the set */
    struct engine_left left;
};

int plan_past_open(struct plan_past *past, struct session *s)
{
    char path[4096];
    struct error err;
    session_state_path(s, path);
    if (store_open_reader(path, &past->reader, &err) == 0)
        return 0;
    if (s->options.state)
        return session_fail(s, &err);
    if (err.code != ERR_NOT_FOUND)
        fprintf(stderr, "mpijobd plan: %s; what a daemon has handled already is not left out\n", err.message);
    else if (s->config.state)
        fprintf(stderr, "mpijobd plan: no daemon has used the state %s yet, so nothing counts as handled\n", path);
    return 0;
}

void plan_past_add(struct plan_past *past, const struct run *run, const struct engine_left *left)
{
    if (past->count == past->cap) {
        size_t cap = past->cap ? 2 * past->cap : 16;
        struct plan_note *notes = realloc(past->notes, cap * sizeof *notes);
        past->full = past->full || !notes;
        if (!notes)
            return;
        past->notes = notes;
        past->cap = cap;
    }
    if (left->unread)
        fprintf(stderr, "mpijobd plan: policy \"%s\": %s; what a daemon has handled already is not left out\n",
                run->policy->name, left->unread);
    struct plan_note *n = &past->notes[past->count];
    *n = (struct plan_note){.cluster = str_dup(str_of(cluster_name(run->site->cluster))),
                            .again = run->policy->again,
                            .warns = run->policy->warn.count > 0,
                            .told = run->site->told != NULL,
                            .left = *left};
    snprintf(n->policy, sizeof n->policy, "%s", run->policy->name);
    past->full = past->full || !n->cluster;
    past->count += n->cluster != NULL;
}

static int compare(const void *a, const void *b)
{
    const struct plan_note *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    return strcmp(one->cluster, other->cluster);
}

void plan_past_sort(struct plan_past *past, const struct policy_set *set)
{
    for (size_t i = 0; i < past->count; i++) {
        struct plan_note *n = &past->notes[i];
        while (n->at < set->count && strcmp(set->entries[n->at].policy->name, n->policy) != 0)
            n->at++;
    }
    if (past->count)
        qsort(past->notes, past->count, sizeof *past->notes, compare);
}

/* "3 jobs" */
static const char *jobs(size_t n, char out[40])
{
    snprintf(out, 40, "%zu job%s", n, n == 1 ? "" : "s");
    return out;
}

void plan_past_write(const struct plan_past *past, FILE *out)
{
    char count[40];
    for (size_t i = 0; i < past->count; i++) {
        const struct plan_note *n = &past->notes[i];
        const struct engine_left *left = &n->left;
        char who[320];
        snprintf(who, sizeof who, "%s%s%s", n->policy, n->told ? ", cluster " : "", n->told ? n->cluster : "");
        if (left->new_text && left->were && n->again)
            fprintf(out, "%s: its text is new, so that the %s it has handled count%s as new\n", who,
                    jobs(left->were, count), left->were == 1 ? "s" : "");
        if (left->handled)
            fprintf(out, "%s: %s that %s%s\n", who, jobs(left->handled, count),
                    left->handled == 1 ? "matches was handled already, and stays as it is"
                                       : "match were handled already, and stay as they are",
                    left->new_text ? ", although its text is new (again = true would count them as new)" : "");
        if (left->waits && n->warns)
            fprintf(out, "%s: %s that match%s; %s\n", who, jobs(left->waits, count),
                    left->waits == 1 ? "es waits" : " wait",
                    left->waits == 1 ? "its owner is warned first" : "their owners are warned first");
        else if (left->waits)
            fprintf(out, "%s: %s that match%s not matched for as long as holds_for wants\n", who,
                    jobs(left->waits, count), left->waits == 1 ? "es has" : " have");
        if (left->out)
            fprintf(out, "%s: %s that match%s had no event that it acts on\n", who, jobs(left->out, count),
                    left->out == 1 ? "es has" : " have");
    }
    if (past->full)
        fputs("mpijobd plan: out of memory: a part of what was handled is missing\n", stderr);
}

/* ---- JSON ---- */

struct list {
    bool first;
    FILE *out;
};

static void put(struct list *list, struct buf *text)
{
    if (!text->failed)
        fprintf(list->out, "%s%s", list->first ? "" : ",", text->ptr);
    list->first = list->first && text->failed;
    buf_free(text);
}

static void begin(struct json_writer *w, struct buf *text, const char *policy, const char *cluster)
{
    json_writer_init(w, text);
    json_write_object(w);
    json_write_key(w, "policy");
    json_write_string(w, policy);
    json_write_key(w, "cluster");
    json_write_string(w, cluster);
}

static void aside(struct list *list, const struct session_aside *a)
{
    struct buf text = BUF_INIT;
    struct json_writer w;
    begin(&w, &text, a->policy, a->cluster);
    json_write_key(&w, "not_in_force");
    json_write_string(&w, a->why);
    json_write_end(&w);
    put(list, &text);
}

void plan_past_write_json(const struct plan_past *past, const struct session *s, bool first, FILE *out)
{
    struct list list = {first, out};
    for (size_t i = 0; i < past->count; i++) {
        const struct plan_note *n = &past->notes[i];
        struct buf text = BUF_INIT;
        struct json_writer w;
        begin(&w, &text, n->policy, n->cluster);
        json_write_key(&w, "handled");
        json_write_int(&w, (int64_t)n->left.handled);
        json_write_key(&w, "without_event");
        json_write_int(&w, (int64_t)n->left.out);
        json_write_key(&w, "not_long_enough");
        json_write_int(&w, (int64_t)n->left.waits);
        json_write_key(&w, "new_text");
        json_write_bool(&w, n->left.new_text);
        json_write_key(&w, "new_again");
        json_write_int(&w, n->left.new_text && n->again ? (int64_t)n->left.were : 0);
        json_write_end(&w);
        put(&list, &text);
    }
    for (size_t i = 0; i < s->aside_count; i++)
        aside(&list, &s->aside[i]);
}

void plan_past_free(struct plan_past *past, struct session *s)
{
    for (size_t i = 0; i < past->count; i++)
        free(past->notes[i].cluster);
    free(past->notes);
    s->store = past->reader; /* nothing else may use it; it is closed with the rest */
    *past = (struct plan_past){0};
}
