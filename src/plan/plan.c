/* SPDX-License-Identifier: Apache-2.0 */
/* A plan in memory, as changes come to their gate. */
#include "plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "plan/plan_parts.h"

static void free_write(struct plan_write *w)
{
    free(w->texts);
    mpijob_diff_free(&w->diff);
}

static void free_change(struct plan_change *c)
{
    free(c->texts);
    free_write(&c->object);
    free_write(&c->child);
}

void plan_free(struct plan *p)
{
    for (size_t i = 0; i < p->change_count; i++)
        free_change(&p->changes[i]);
    for (size_t i = 0; i < p->left_count; i++)
        free(p->left[i].texts);
    for (size_t i = 0; i < p->file_count; i++)
        free(p->files[i].texts);
    free(p->changes);
    free(p->left);
    free(p->files);
    free(p->texts);
    *p = (struct plan){0};
}

/* Room for one more of `size` bytes each; NULL: out of memory. */
static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 16;
    void *grown = realloc(items, more * size);
    if (grown)
        *cap = more;
    return grown;
}

void plan_set_head(struct plan *p, const struct plan *head)
{
    free(p->texts);
    p->texts = TEXTS_COPY({&p->by, or_empty(head->by)}, {&p->cluster, or_empty(head->cluster)},
                          {&p->server, or_empty(head->server)}, {&p->identity, or_empty(head->identity)});
    p->made_at = head->made_at;
    p->failed = p->failed || !p->texts;
}

void plan_add_left(struct plan *p, const char *policy, const char *job, const char *why)
{
    struct plan_left *left = grow(p->left, p->left_count, &p->left_cap, sizeof *left);
    struct plan_left one = {0};
    if (left) {
        p->left = left;
        one.texts = TEXTS_COPY({&one.policy, policy}, {&one.job, job}, {&one.why, why});
    }
    if (one.texts)
        p->left[p->left_count++] = one;
    else
        p->failed = true;
}

void plan_add_file_sum(struct plan *p, const char *path, const char *sum)
{
    struct plan_file *files = grow(p->files, p->file_count, &p->file_cap, sizeof *files);
    struct plan_file one = {0};
    if (files) {
        p->files = files;
        one.texts = TEXTS_COPY({&one.path, path}, {&one.sum, sum});
    }
    if (one.texts)
        p->files[p->file_count++] = one;
    else
        p->failed = true;
}

void plan_add_file(struct plan *p, const char *path, struct str text)
{
    char sum[PLAN_SUM];
    if (plan_sum(text, sum, NULL) == 0)
        plan_add_file_sum(p, path, sum);
    else
        p->failed = true;
}

/* ---- one change ---- */

/* The difference as mpijob_objects_diff tells it, so that it can be told again from the same bytes. */
static int take_diff(const struct change_write *w, struct mpijob_diff *diff)
{
    struct json before, after;
    struct buf text = BUF_INIT;
    int rc = 0;
    if (w->verb == CHANGE_REPLACE && w->before.len) {
        rc = json_parse(w->before, "the object", &before, NULL);
        if (!rc)
            rc = json_parse(w->body, "the object", &after, NULL);
        return rc ? rc : mpijob_objects_diff(before, after, diff, NULL);
    }
    mpijob_diff_json(w->diff, &text);
    rc = buf_result(&text, "the difference", NULL);
    if (!rc)
        rc = json_parse(buf_str(&text), "the difference", &after, NULL);
    if (!rc)
        rc = mpijob_diff_read(diff, after, NULL);
    buf_free(&text);
    return rc;
}

static bool take_write(struct plan_write *to, const struct change_write *w)
{
    char *body = str_dup(w->body.len ? w->body : str_of(""));
    *to = (struct plan_write){.verb = w->verb,
                              .ours = w->ours,
                              .json_patch = w->json_patch,
                              .splices = w->splices,
                              .destructive = w->verdict->may_destroy || w->verdict->effect == EFFECT_DESTRUCTIVE};
    if (body)
        to->texts = TEXTS_COPY({&to->group, or_empty(w->resource.group)}, {&to->version, or_empty(w->resource.version)},
                               {&to->plural, or_empty(w->resource.plural)}, {&to->kind, or_empty(w->kind)},
                               {&to->name_space, w->name_space}, {&to->name, w->name}, {&to->uid, w->uid},
                               {&to->resource_version, w->resource_version}, {&to->body, body},
                               {&to->propagation, w->propagation},
                               {&to->effect, mpijob_effect_name(w->verdict->effect)}, {&to->why, w->verdict->why});
    free(body);
    return to->texts && take_diff(w, &to->diff) == 0;
}

static bool is_one_of(struct json key, const char *const *names)
{
    for (; *names; names++) {
        if (json_string_is(key, str_of(*names)))
            return true;
    }
    return false;
}

bool plan_tells_secret(const struct kube_resource *resource, enum change_verb verb, bool json_patch, struct json body)
{
    static const char *const whole[] = {"metadata", NULL}, *const known[] = {"labels", "uid", "resourceVersion", NULL};
    if (!kube_is_secret(resource) || verb == CHANGE_DELETE)
        return false;
    bool tells = verb != CHANGE_PATCH || json_patch || json_type(body) != JSON_OBJECT;
    for (struct json_iter it = json_iter(body); !tells && json_next(&it);)
        tells = !is_one_of(it.key, whole);
    for (struct json_iter it = json_iter(json_get(body, "metadata")); !tells && json_next(&it);)
        tells = !is_one_of(it.key, known);
    return tells;
}

/* Why the change is not kept; NULL: it is. */
static const char *unfit(const struct change_write *w)
{
    struct json body = {0};
    if (w->body.len && json_parse(w->body, "", &body, NULL))
        body = (struct json){0};
    if (plan_tells_secret(&w->resource, w->verb, w->json_patch, body))
        return "what is in a Secret is not kept in a plan";
    if (!*w->name)
        return "the server would choose its name, so that each time would make another one";
    return NULL;
}

void plan_add(struct plan *p, const char *policy, size_t policy_at, const char *job, bool leave,
              const struct change *change)
{
    struct change_write write;
    struct buf name = BUF_INIT;
    bool object = change_outline(change, &write);
    const char *why = object ? unfit(&write) : NULL;
    if (why) {
        plan_add_left(p, policy, job, why);
        return;
    }
    struct plan_change *changes = grow(p->changes, p->change_count, &p->change_cap, sizeof *changes);
    struct plan_change one = {.leave = leave, .at = policy_at, .came = p->change_count};
    bool good = changes != NULL;
    one.last = object && write.follows;
    if (good) {
        p->changes = changes;
        one.texts = TEXTS_COPY({&one.policy, policy}, {&one.job, job});
        good = one.texts && (!object || take_write(&one.object, &write));
    }
    if (good && change_outline_child(change, &name, &write, &one.child_called))
        good = !name.failed && take_write(&one.child, &write);
    buf_free(&name);
    if (good) {
        p->changes[p->change_count++] = one;
    } else {
        free_change(&one);
        p->failed = true;
    }
}

const struct plan_write *plan_main_write(const struct plan_change *c)
{
    return c->object.texts ? &c->object : &c->child;
}

/* ---- the order ---- */

static int by_place(const void *a, const void *b)
{
    const struct plan_change *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    int order = strcmp(one->job, other->job);
    return order ? order : (one->came > other->came) - (one->came < other->came);
}

static int compare_objects(const struct plan_change *one, const struct plan_change *other)
{
    const struct plan_write *a = plan_main_write(one), *b = plan_main_write(other);
    int order = strcmp(one->job, other->job); /* the key has the kind in it, where it is another one */
    order = order ? order : strcmp(a->plural, b->plural);
    return order ? order : one->last - other->last;
}

static int by_object(const void *a, const void *b)
{
    const struct plan_change *const *one = a, *const *other = b;
    int order = compare_objects(*one, *other);
    return order ? order : (*one > *other) - (*one < *other); /* the plan's own order */
}

static int by_path(const void *a, const void *b)
{
    const struct plan_file *one = a, *other = b;
    int order = strcmp(one->path, other->path);
    return order ? order : strcmp(one->sum, other->sum);
}

/* Several policy files may have required one. */
static void sort_files(struct plan *p)
{
    size_t n = 0;
    if (p->file_count)
        qsort(p->files, p->file_count, sizeof *p->files, by_path);
    for (size_t i = 0; i < p->file_count; i++) {
        if (n && by_path(&p->files[n - 1], &p->files[i]) == 0)
            free(p->files[i].texts);
        else
            p->files[n++] = p->files[i];
    }
    p->file_count = n;
}

void plan_sort(struct plan *p)
{
    sort_files(p);
    if (!p->change_count)
        return;
    qsort(p->changes, p->change_count, sizeof *p->changes, by_place);
    struct plan_change **objects = malloc(p->change_count * sizeof *objects);
    bool *again = calloc(p->change_count, sizeof *again);
    size_t n = 0;
    p->failed = p->failed || !objects || !again;
    for (size_t i = 0; objects && again && i < p->change_count; i++)
        objects[i] = &p->changes[i];
    if (objects && again)
        qsort(objects, p->change_count, sizeof(struct plan_change *), by_object);
    for (size_t i = 1; objects && again && i < p->change_count; i++)
        again[objects[i] - p->changes] = compare_objects(objects[i - 1], objects[i]) == 0;
    for (size_t i = 0; again && i < p->change_count; i++) {
        struct plan_change *c = &p->changes[i];
        if (again[i])
            plan_add_left(p, c->policy, c->job,
                          "another change of the plan is about the same object, which it moves: plan again after it");
        if (again[i])
            free_change(c);
        else
            p->changes[n++] = *c;
    }
    p->change_count = again ? n : p->change_count;
    free(objects);
    free(again);
}

/* ---- how many ---- */

struct plan_counts plan_count(const struct plan *p)
{
    struct plan_counts n = {.changes = p->change_count};
    for (size_t i = 0; i < p->change_count; i++) {
        const struct plan_change *c = &p->changes[i];
        n.destructive += (c->object.texts && c->object.destructive) || (c->child.texts && c->child.destructive);
        n.inert += strcmp(plan_main_write(c)->effect, mpijob_effect_name(EFFECT_INERT)) == 0;
    }
    return n;
}

const char *plan_counts_text(const struct plan_counts *n, char out[96])
{
    snprintf(out, 96, "%zu change%s, %zu destructive, %zu inert", n->changes, n->changes == 1 ? "" : "s",
             n->destructive, n->inert);
    return out;
}
