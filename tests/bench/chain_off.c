/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal's chain costs is seen beside a journal without one: loaded into the program (LD_PRELOAD), this has the
 * statements of the chain's writing end do nothing. `journal --verify` refuses what is written so. */
#include <dlfcn.h>
#include <string.h>

#include "store/chain/chain_parts.h"

/* What stands in for it takes the same parameters. */
static const char *without(const char *sql)
{
    if (strncmp(sql, "INSERT INTO chain(", 18) == 0)
        return "SELECT ?, ?, ?, ?, ?, ? LIMIT 0";
    if (strcmp(sql, CHAIN_OF_RUNS " WHERE id=?") == 0 || strcmp(sql, CHAIN_OF_CHANGES " WHERE id=?") == 0)
        return "SELECT 0 WHERE ? > 0";
    return sql;
}

int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **out, const char **rest)
{
    int (*real)(sqlite3 *, const char *, int, unsigned, sqlite3_stmt **, const char **) =
        (int (*)(sqlite3 *, const char *, int, unsigned, sqlite3_stmt **, const char **))dlsym(RTLD_NEXT,
                                                                                               "sqlite3_prepare_v3");
    return real(db, size < 0 ? without(sql) : sql, size, flags, out, rest);
}
