/* Operations: copies of what the caller gave, so that the thread owns every byte it reads. */
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

#define CHANGE(field) offsetof(struct op, of.change.field)
#define RUN(field) offsetof(struct op, of.run.field)

static const size_t change_strings[] = {CHANGE(policy),      CHANGE(cluster),          CHANGE(server),
                                        CHANGE(version),     CHANGE(name_space),       CHANGE(name),
                                        CHANGE(uid),         CHANGE(resource_version), CHANGE(verb),
                                        CHANGE(diff),        CHANGE(effect),           CHANGE(why),
                                        CHANGE(outcome),     CHANGE(message),          CHANGE(resource_version_after),
                                        CHANGE(handled_key), CHANGE(handled_value),    CHANGE(resource),
                                        CHANGE(observed)};
static const size_t run_strings[] = {RUN(policy), RUN(cluster), RUN(trigger), RUN(outcome), RUN(message)};
static const size_t mark_strings[] = {offsetof(struct op, of.mark.policy)};
#define HANDLED(field) offsetof(struct op, of.handled.field)
static const size_t handled_strings[] = {HANDLED(key), HANDLED(uid), HANDLED(value), HANDLED(version)};

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

struct op *op_of_run(enum op_kind kind, const struct store_run *run)
{
    struct op model = {.kind = kind, .id = run->id, .of.run = *run};
    return copy(&model, run_strings, COUNT(run_strings));
}

struct op *op_of_change(enum op_kind kind, const struct store_change *change)
{
    struct op model = {.kind = kind, .id = change->id, .of.change = *change};
    return copy(&model, change_strings, COUNT(change_strings));
}

struct op *op_of_mark(enum op_kind kind, const char *policy, int64_t scheduled_at)
{
    struct op model = {.kind = kind, .of.mark = {policy, scheduled_at}};
    return copy(&model, mark_strings, COUNT(mark_strings));
}

struct op *op_of_handled(const struct store_handled *row)
{
    struct op model = {.kind = OP_HANDLED, .of.handled = *row};
    return copy(&model, handled_strings, COUNT(handled_strings));
}

struct op *op_of_nothing(void)
{
    struct op model = {.kind = OP_NONE};
    return copy(&model, NULL, 0);
}

struct op *op_of_prune(int64_t before)
{
    struct op model = {.kind = OP_PRUNE, .of.before = before};
    return copy(&model, NULL, 0);
}

int op_explain(const struct op *op, const char *path, struct error *err)
{
    bool run = op->kind == OP_RUN_BEGIN || op->kind == OP_RUN_END;
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
