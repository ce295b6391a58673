/* SPDX-License-Identifier: Apache-2.0 */
/* Texts kept by space and key. */
#include "store/kept.h"

#include "store/parts.h"

static bool elsewhere(const struct store *store, const char *space)
{
    return store->kept && store->kept->has(store->kept_data, space);
}

void store_keep_in(struct store *store, const struct kept_form *form, void *data)
{
    store->kept = form;
    store->kept_data = data;
}

void store_keep(struct store *store, const struct store_kept *row, store_done done, void *data)
{
    if (elsewhere(store, row->space))
        store->kept->keep(store->kept_data, row, done, data);
    else
        queue_submit(store, op_of_kept(row), 0, STORE_NOW, done, data);
}

struct kept_query {
    const char *space;
    bool (*row)(void *data, const struct store_kept *row);
    void *data;
};

static int kept_rows(sqlite3 *db, void *data)
{
    static const char sql[] = "SELECT key, value, expires_at FROM kept WHERE space = ? ORDER BY key";
    struct kept_query *q = data;
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_text(s, 1, q->space, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_kept row = {q->space, (const char *)sqlite3_column_text(s, 0),
                                 (const char *)sqlite3_column_text(s, 1), sqlite3_column_int64(s, 2)};
        rc = q->row(q->data, &row) ? SQLITE_OK : SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_read_kept(struct store *store, const char *space, bool (*row)(void *data, const struct store_kept *row),
                    void *data, struct error *err)
{
    if (elsewhere(store, space))
        return store->kept->read(store->kept_data, space, row, data, err);
    return store_read(store, kept_rows, &(struct kept_query){space, row, data}, err);
}
