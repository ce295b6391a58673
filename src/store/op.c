/* SPDX-License-Identifier: Apache-2.0 */
/* Operations: copies of what the caller gave, so that the thread owns every byte that it reads; and their failures in
 * words. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/parts.h"

void op_append(struct op_list *list, struct op *op)
{
    op->next = NULL;
    if (list->last)
        list->last->next = op;
    else
        list->first = op;
    list->last = op;
}

struct op *op_shift(struct op_list *list)
{
    struct op *op = list->first;
    if (!op)
        return NULL;
    list->first = op->next;
    if (!list->first)
        list->last = NULL;
    op->next = NULL;
    return op;
}

/* Where the strings of each kind are. */
#define AT(field) offsetof(struct op, of.field)
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a member's name takes none. */
#define HANDLED_AT(place) AT(place.key), AT(place.uid), AT(place.value), AT(place.version)

static const size_t run_strings[] = {
    AT(run.row.policy), AT(run.row.cluster), AT(run.row.trigger),     AT(run.row.outcome),     AT(run.row.message),
    AT(run.row.who),    AT(run.row.file),    AT(run.row.file_sha256), AT(run.row.traceparent), AT(run.mark)};
static const size_t intent_strings[] = {
    AT(intent.row.policy),  AT(intent.row.cluster),    AT(intent.row.server),
    AT(intent.row.version), AT(intent.row.resource),   AT(intent.row.name_space),
    AT(intent.row.name),    AT(intent.row.uid),        AT(intent.row.resource_version),
    AT(intent.row.verb),    AT(intent.row.diff),       AT(intent.row.effect),
    AT(intent.row.why),     AT(intent.row.who),        AT(intent.row.traceparent),
    AT(intent.row.frees),   HANDLED_AT(intent.handled)};
static const size_t outcome_strings[] = {AT(outcome.row.outcome),
                                         AT(outcome.row.message),
                                         AT(outcome.row.effect),
                                         AT(outcome.row.why),
                                         AT(outcome.row.resource_version_after),
                                         AT(outcome.row.name),
                                         AT(outcome.row.uid),
                                         HANDLED_AT(outcome.handled)};
static const size_t observation_strings[] = {AT(observation.observed)};
static const size_t mark_strings[] = {AT(mark.key)};
static const size_t handled_strings[] = {HANDLED_AT(handled)};
static const size_t kept_strings[] = {AT(kept.space), AT(kept.key), AT(kept.value)};

static const char *string_at(const struct op *op, size_t offset)
{
    const char *text;
    memcpy(&text, (const char *)op + offset, sizeof text);
    return text;
}

/* The model with the strings it points to moved behind the copy. */
static struct op *copy(const struct op *model, const size_t *strings, size_t count)
{
    size_t size = sizeof *model;
    for (size_t i = 0; i < count; i++) {
        const char *text = string_at(model, strings[i]);
        size += text ? strlen(text) + 1 : 0;
    }
    struct op *op = malloc(size);
    if (!op)
        return NULL;
    *op = *model;
    char *to = (char *)(op + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = string_at(model, strings[i]);
        if (!text)
            continue;
        size_t bytes = strlen(text) + 1;
        memcpy(to, text, bytes);
        const char *moved = to;
        memcpy((char *)op + strings[i], &moved, sizeof moved);
        to += bytes;
    }
    return op;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct op *op_of_run(enum op_kind kind, const struct store_run *run, const char *mark)
{
    struct op model = {.kind = kind, .id = run->id, .of.run = {*run, mark}};
    return copy(&model, run_strings, COUNT(run_strings));
}

static const struct store_handled none;

struct op *op_of_intent(const struct store_intent *intent, const struct store_handled *handled)
{
    struct op model = {.kind = OP_INTENT, .of.intent = {*intent, handled ? *handled : none}};
    return copy(&model, intent_strings, COUNT(intent_strings));
}

struct op *op_of_outcome(const struct store_outcome *outcome, const struct store_handled *handled)
{
    struct op model = {.kind = OP_OUTCOME, .id = outcome->id, .of.outcome = {*outcome, handled ? *handled : none}};
    return copy(&model, outcome_strings, COUNT(outcome_strings));
}

struct op *op_of_observation(const struct store_observation *observation)
{
    struct op model = {.kind = OP_OBSERVED, .id = observation->id, .of.observation = *observation};
    return copy(&model, observation_strings, COUNT(observation_strings));
}

struct op *op_of_mark(enum op_kind kind, const char *key, int64_t scheduled_at)
{
    struct op model = {.kind = kind, .of.mark = {key, scheduled_at}};
    return copy(&model, mark_strings, COUNT(mark_strings));
}

struct op *op_of_handled(const struct store_handled *row)
{
    struct op model = {.kind = OP_HANDLED, .of.handled = *row};
    return copy(&model, handled_strings, COUNT(handled_strings));
}

struct op *op_of_kept(const struct store_kept *row)
{
    struct op model = {.kind = OP_KEPT, .of.kept = *row};
    return copy(&model, kept_strings, COUNT(kept_strings));
}

/* Its bytes come with it, too. */
struct op *op_of_recorded(const struct store_recorded *part)
{
    size_t name = strlen(part->policy) + 1;
    struct op *op = malloc(sizeof *op + name + part->bytes.len);
    if (!op)
        return NULL;
    *op = (struct op){.kind = OP_RECORDED, .of.recorded = *part};
    char *to = (char *)(op + 1);
    memcpy(to, part->policy, name);
    op->of.recorded.policy = to;
    if (part->bytes.len)
        memcpy(to + name, part->bytes.ptr, part->bytes.len);
    op->of.recorded.bytes.ptr = to + name;
    return op;
}

struct op *op_of_nothing(void)
{
    struct op model = {.kind = OP_NONE};
    return copy(&model, NULL, 0);
}

struct op *op_of_prune(int64_t before_us, int64_t bytes_max)
{
    struct op model = {.kind = OP_PRUNE, .of.prune = {.before_us = before_us, .bytes_max = bytes_max}};
    return copy(&model, NULL, 0);
}

int op_explain(const struct op *op, const char *path, struct error *err)
{
    bool run = op->kind == OP_RUN_BEGIN || op->kind == OP_RUN_ADOPT || op->kind == OP_RUN_END;
    switch (op->failure.code) {
    case ERR_NOT_FOUND:
        return error_set(err, ERR_NOT_FOUND, "the journal %s has no %s %lld: its end cannot be written down", path,
                         run ? "run" : "change", (long long)op->id);
    case ERR_INVALID:
        return error_set(err, ERR_INVALID, "%s %lld cannot end without an outcome", run ? "run" : "change",
                         (long long)op->id);
    case ERR_CANCELLED:
        return error_set(err, ERR_CANCELLED, "the journal %s is closed or closing", path);
    default:
        return failure_explain(op->failure, path, err);
    }
}
