/* SPDX-License-Identifier: Apache-2.0 */
/* The columns that plugins add to `mpijobd report`: functions of a finished job in the states in which the plugins were
 * tried (engine_options.trials). They cannot wait, and are bound in CPU time and memory as policies are. */
#ifndef MPIJOBD_BINDING_PLUGIN_COLUMNS_H
#define MPIJOBD_BINDING_PLUGIN_COLUMNS_H

#include "policy/load.h"

#define PLUGIN_COLUMNS_MAX 32 /* of all plugins together; more are left out */
/* CPU time of one plugin in a report, microseconds: so much, and so much more for each job. */
#define PLUGIN_COLUMNS_CPU 1000000
#define PLUGIN_COLUMNS_CPU_JOB 200
#define PLUGIN_COLUMNS_TEXT 64 /* bytes of a sum as text */

struct plugin_column {
    char plugin[PLUGIN_NAME_MAX + 1], name[64];
    int64_t failed;          /* so often it gave no number, or nothing at all */
    char problem[512];       /* the first time; "": never */
    int64_t used_us, may_us; /* CPU time of its plugin so far, and how much that may be */
    bool over;               /* its plugin took too long, or too much memory: it has no values */
};
struct plugin_columns {
    struct plugin_column items[PLUGIN_COLUMNS_MAX];
    size_t count;
    bool more; /* there were more than PLUGIN_COLUMNS_MAX */
};

/* Those of the set's plugins, by the plugins' names and then their own. */
void plugin_columns_find(const struct policy_set *set, struct plugin_columns *columns);

/* One job, and what the report counts for it. */
struct plugin_columns_job {
    struct str object;
    int64_t gpus;     /* that it holds now */
    double day, week; /* GPU-hours that it held */
};
struct plugin_columns_call {
    const struct policy_set *set;
    struct plugin_columns *columns;
    const struct cluster *cluster;
    const struct mpijob_kind *kind;
    const struct plugin_columns_job *jobs;
    size_t job_count;
    void (*value)(void *data, size_t job, size_t column, double value);
    const double *sums; /* to be written as texts, columns->count for each row */
    size_t row_count;
    void (*text)(void *data, size_t row, size_t column, const char *text); /* valid during the call */
    void (*turn)(void *data);                                              /* runs the loop once */
    void *data;
};
/* Asks for the value of every column for every job, and for the text of every sum. Turns the loop until all is told. */
void plugin_columns_ask(const struct plugin_columns_call *call);

#endif
