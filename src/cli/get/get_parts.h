/* SPDX-License-Identifier: Apache-2.0 */
/* What the files get_*.c share. */
#ifndef MPIJOBD_CLI_GET_GET_PARTS_H
#define MPIJOBD_CLI_GET_GET_PARTS_H

#include "cli/session/named_jobs.h"
#include "cli/session/session.h"
#include "cli/terminal/table.h"
#include "json/path/jsonpath.h"

struct shape_column {
    char *head;
    struct jsonpath *path;
};

/* What the person asked for by a template. */
struct shape {
    struct jsonpath *whole; /* -o jsonpath=; NULL: not asked for */
    struct shape_column columns[TABLE_COLUMNS_MAX];
    size_t column_count; /* -o custom-columns=; 0: not asked for */
};

/* What --sort-by names. */
struct sorting {
    int column;            /* of the table; -1: none */
    struct jsonpath *path; /* NULL: none */
};

struct get {
    struct session s;
    struct jobs jobs;
    struct table table;
    struct shape shape;
    struct sorting sorting;
    struct mpijob_pods *pods[MPIJOB_KINDS_BUILT_IN]; /* by kind; NULL: they cannot be listed, or nobody asks */
    bool kueue;                                      /* Kueue manages one of the jobs, and the output shows that */
    struct workload_list *workloads;                 /* likewise, or Kueue manages none of the jobs */
    bool namespaced;
};

/* ---- get_rows.c ---- */

/* The names of all columns, in order, NULL-terminated: their numbers are those of sorting.column. */
const char *const *get_column_names(void);
/* The column's text of a job is appended ("": nothing to say). *number: what it is ordered by; false: by the text. */
bool get_column(struct get *g, int column, const struct mpijob_view *view, struct buf *out, int64_t *number);
/* Counts the pods, where a column of the output or of --sort-by needs them; tells where they cannot be listed. */
void get_count_pods(struct get *g);
void get_free_pods(struct get *g);

/* ---- get_kinds.c ---- */

/* Finds the jobs of all kinds that are asked for. A kind that the server does not have is left out, and told, where it
 * has another. 0, or the exit code; what was found is in g->jobs either way. */
int get_look_up(struct get *g);
bool get_several(const struct get *g); /* kinds are asked for */
/* "MPIJobs", "TrainJobs and JobSets" */
void get_kind_names(const struct get *g, struct buf *out);

/* ---- get_kueue.c ---- */

/* Lists Kueue's Workloads, where the output shows them and Kueue manages one of the jobs; tells where they cannot be
 * listed. */
void get_list_workloads(struct get *g);
/* Columns, as get_column. */
bool get_queue(struct get *g, const struct mpijob_view *view, struct buf *out, int64_t *number);
bool get_kueue(struct get *g, const struct mpijob_view *view, struct buf *out, int64_t *number);

/* ---- get_rows.c ---- */
void get_rows_begin(struct get *g);
/* mark: behind the phase, as ",deleted"; "": nothing. */
void get_row(struct get *g, const struct mpijob_view *view, const char *mark);

/* ---- get_shape.c ---- */

/* Reads what -o has, in options.format. 0, ERR_SYNTAX, ERR_LIMIT (columns), ERR_NOMEM. */
int shape_read(struct shape *shape, const struct options *o, struct error *err);
void shape_free(struct shape *shape);
void shape_begin(const struct shape *shape, struct table *table);
void shape_row(const struct shape *shape, struct json object, struct table *table);

/* ---- get_sort.c ---- */

/* Reads --sort-by. 0; ERR_INVALID: it names no column; ERR_SYNTAX, ERR_NOMEM. */
int sorting_read(struct sorting *sorting, const char *text, struct error *err);
void sorting_free(struct sorting *sorting);
/* Jobs of which there is nothing to say come first, then numbers, then texts; equal ones stay in their order. 0,
 * ERR_NOMEM. */
int sort_jobs(struct get *g, struct error *err);

/* ---- get_watch.c ---- */

/* The jobs that there are, then each that comes, changes or goes, until SIGINT, SIGTERM, or nobody reads. Returns the
 * exit code. */
int get_watch(struct get *g);

/* ---- cmd_get.c ---- */

/* One job, or a List of several, in JSON or YAML. Returns the exit code. */
int get_print_object(struct get *g, struct str json);
/* mpijob.kubeflow.org/NAME */
void get_print_name(struct get *g, const struct mpijob_view *view);

#endif
