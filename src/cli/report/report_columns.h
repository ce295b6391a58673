/* SPDX-License-Identifier: Apache-2.0 */
/* The columns that plugins add to a report: asked for the jobs in small lots, and summed by group. */
#ifndef MPIJOBD_CLI_REPORT_REPORT_COLUMNS_H
#define MPIJOBD_CLI_REPORT_REPORT_COLUMNS_H

#include "binding/plugin_columns.h"
#include "cli/session/session.h"
#include "inventory/report_group.h"

#define REPORT_LOT 64 /* jobs that are asked for together */

struct report_columns { /* zeros: none */
    struct session *s;
    const struct policy_set *set;
    struct plugin_columns columns;
    struct report_group *groups[REPORT_LOT]; /* of the jobs of the lot */
    struct plugin_columns_job jobs[REPORT_LOT];
    size_t count; /* of the lot */
    struct report_groups *all;
    double *totals;
    char **texts;       /* columns.count for each group, then those of the totals; NULL: not written yet */
    char problem[1024]; /* why the plugins cannot be asked; "": they can */
};

/* Loads the configuration's plugins. What is wrong with them is in `problem`; then there are no columns. ERR_NOMEM. */
int report_columns_open(struct report_columns *c, struct session *s, struct report_groups *groups, struct error *err);
/* A finished job, which was added to that group. 0 or ERR_NOMEM. */
int report_columns_add(struct report_columns *c, struct report_group *group, struct str object,
                       const struct report_row *row, struct error *err);
/* After the last one, and after the groups are sorted: asks for the rest, and for the texts of the sums. ERR_NOMEM. */
int report_columns_end(struct report_columns *c, struct error *err);
/* row: that of a group, or their number for the totals. */
const char *report_columns_text(const struct report_columns *c, size_t row, size_t column);
/* The column's name as the head of a table: "COST-DAY". */
const char *report_columns_head(const struct report_columns *c, size_t column, char out[64]);
void report_columns_free(struct report_columns *c);

#endif
