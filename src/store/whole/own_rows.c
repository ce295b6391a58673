/* SPDX-License-Identifier: Apache-2.0 */
/* Marks, what is handled, and kept texts, read from SQLite. */
#include "store/whole/own_rows.h"

#include "store/parts.h"

struct own_query {
    const struct store *store;
    bool (*row)(void *data, const struct own_row *row);
    void *data;
};

static bool stays(const struct own_query *q, const struct own_row *row)
{
    const struct store *s = q->store;
    return row->kind == OWN_KEPT && s->kept && !s->kept->has(s->kept_data, row->key);
}

static int own_rows(sqlite3 *db, void *data)
{
    static const char sql[] = "SELECT 0, policy, NULL, NULL, NULL, scheduled_at FROM marks UNION ALL "
                              "SELECT 1, policy, uid, value, version, at FROM handled UNION ALL "
                              "SELECT 2, space, key, value, NULL, expires_at FROM kept";
    const struct own_query *q = data;
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *texts[4];
        for (int i = 0; i < 4; i++)
            texts[i] = (const char *)sqlite3_column_text(s, i + 1);
        const struct own_row row = {
            (enum own_kind)sqlite3_column_int(s, 0), texts[0], texts[1], texts[2], texts[3], sqlite3_column_int64(s, 5),
        };
        rc = stays(q, &row) || q->row(q->data, &row) ? SQLITE_OK : SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_read_own(struct store *store, bool (*row)(void *data, const struct own_row *row), void *data,
                   struct error *err)
{
    return store_read(store, own_rows, &(struct own_query){store, row, data}, err);
}
