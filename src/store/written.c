/* SPDX-License-Identifier: Apache-2.0 */
/* Tells who watches of each operation that is durable. */
#include "store/written.h"

#include "store/parts.h"

void store_watch(struct store *s, void (*written)(void *data, const struct store_written *what), void *data)
{
    s->written = written;
    s->written_data = data;
}

void store_tell_kept(const struct store *s, const struct store_kept *row)
{
    if (s->written)
        s->written(s->written_data, &(struct store_written){.kept = row});
}

void store_tell_written(const struct store *s, const struct op *op)
{
    struct store_written what = {.id = op->id};
    switch (op->kind) {
    case OP_RUN_BEGIN:
        what.begun = &op->of.run.row;
        break;
    case OP_RUN_END:
        what.ended = &op->of.run.row;
        break;
    case OP_INTENT:
        what.intent = &op->of.intent.row;
        break;
    case OP_OUTCOME:
        what.outcome = &op->of.outcome.row;
        break;
    case OP_OBSERVED:
        what.seen = &op->of.observation;
        break;
    case OP_KEPT:
        what.kept = &op->of.kept;
        break;
    default:
        return;
    }
    if (s->written)
        s->written(s->written_data, &what);
}
