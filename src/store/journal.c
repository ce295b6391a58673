/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that write the journal: each hands an operation to the queue. */
#include "store/parts.h"

static int64_t run_begin(struct journal *journal, const struct store_run *run, enum haste haste, store_done done,
                         void *data)
{
    int64_t id = journal_next_run(journal, run);
    struct store_run numbered = *run;
    numbered.id = id;
    queue_submit(journal->store, op_of_run(OP_RUN_BEGIN, &numbered, NULL), 0, haste, done, data);
    return id;
}

int64_t journal_next_run(struct journal *journal, const struct store_run *run)
{
    do
        journal->last_run++;
    while (run->parts && journal->last_run % run->parts != run->part);
    return journal->last_run;
}

bool journal_run_decides(const struct store_run *run)
{
    return strcmp(run->trigger, "approve") == 0 || strcmp(run->trigger, "reject") == 0 ||
           strcmp(run->trigger, "extend") == 0;
}

void journal_run_begin(struct journal *journal, const struct store_run *run, store_done done, void *data)
{
    run_begin(journal, run, STORE_NOW, done, data);
}

int64_t journal_run_begin_soon(struct journal *journal, const struct store_run *run, store_done done, void *data)
{
    return run_begin(journal, run, STORE_SOON, done, data);
}

void journal_run_adopt(struct journal *journal, const struct store_run *run, store_done done, void *data)
{
    journal_runs_from(journal, run->id);
    queue_submit(journal->store, op_of_run(OP_RUN_ADOPT, run, NULL), 0, STORE_NOW, done, data);
}

void journal_runs_from(struct journal *journal, int64_t last)
{
    if (journal->last_run < last)
        journal->last_run = last;
}

int64_t journal_last_run(const struct journal *journal)
{
    return journal->last_run;
}

static void run_end(struct journal *journal, const struct store_run *run, enum haste haste, store_done done, void *data)
{
    int refused = run->outcome ? 0 : ERR_INVALID;
    queue_submit(journal->store, op_of_run(OP_RUN_END, run, NULL), refused, haste, done, data);
}

void journal_run_end(struct journal *journal, const struct store_run *run, store_done done, void *data)
{
    run_end(journal, run, STORE_NOW, done, data);
}

void journal_run_end_soon(struct journal *journal, const struct store_run *run, store_done done, void *data)
{
    run_end(journal, run, STORE_SOON, done, data);
}

void journal_intent(struct journal *journal, const struct store_intent *intent, store_done done, void *data)
{
    queue_submit(journal->store, op_of_intent(intent, NULL), 0, STORE_NOW, done, data);
}

void journal_outcome(struct journal *journal, const struct store_outcome *outcome, store_done done, void *data)
{
    int refused = outcome->outcome ? 0 : ERR_INVALID;
    queue_submit(journal->store, op_of_outcome(outcome, NULL), refused, STORE_NOW, done, data);
}

void journal_observed(struct journal *journal, const struct store_observation *observation, store_done done, void *data)
{
    queue_submit(journal->store, op_of_observation(observation), 0, STORE_SOON, done, data);
}

void journal_prune(struct journal *journal, int64_t before_us, int64_t bytes_max, store_done done, void *data)
{
    queue_submit(journal->store, op_of_prune(before_us, bytes_max), 0, STORE_NOW, done, data);
}
