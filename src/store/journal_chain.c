/* SPDX-License-Identifier: Apache-2.0 */
/* The head as the thread has left it; the chain is looked through on the connection that reads. */
#include "store/journal_chain.h"

#include <string.h>

#include "store/parts.h"

void journal_head(struct journal *journal, char out[CHAIN_HEAD_SIZE])
{
    struct store *s = journal->store;
    uv_mutex_lock(&s->mutex);
    memcpy(out, s->head, CHAIN_HEAD_SIZE);
    uv_mutex_unlock(&s->mutex);
}

struct looking {
    struct chain_head head;
    void (*fault)(void *data, const char *text);
    void *data;
    struct chain_report *report;
};

static int look(sqlite3 *db, void *data)
{
    const struct looking *l = data;
    return chain_verify(db, &l->head, l->fault, l->data, l->report);
}

int journal_verify(struct journal *journal, const char *head, void (*fault)(void *data, const char *text), void *data,
                   struct chain_report *report, struct error *err)
{
    struct looking l = {.fault = fault, .data = data, .report = report};
    *report = (struct chain_report){0};
    int rc = head ? chain_head_read(head, &l.head, err) : 0;
    return rc ? rc : store_read(journal->store, look, &l, err);
}
