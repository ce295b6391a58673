/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MPIJOBD_CLI_JOURNAL_JOURNAL_PARTS_H
#define MPIJOBD_CLI_JOURNAL_JOURNAL_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/session/session.h"
#include "store/journal.h"
#include "json/write.h"

/* ---- fields.c: rows for programs, as JSON (an array of objects) or CSV (RFC 4180, with a line of names) ---- */
struct fields {
    bool csv;
    const char *replica; /* whose journal the next row is from, where there are several; NULL: there is one */
    FILE *to;
    struct json_writer w;
    struct buf row, names; /* of the row under way; names: of the first one, CSV */
    bool named, any;
};
void fields_begin(struct fields *f, bool csv, FILE *to);
void fields_end(struct fields *f);  /* of all rows; frees */
void fields_free(struct fields *f); /* where they end early */
void fields_row(struct fields *f);
void fields_row_end(struct fields *f);                                  /* written to the file */
void fields_text(struct fields *f, const char *name, const char *text); /* NULL: null, or nothing */
void fields_number(struct fields *f, const char *name, int64_t n);
void fields_bool(struct fields *f, const char *name, bool value);
void fields_time(struct fields *f, const char *name, int64_t us);      /* 0: none */
void fields_raw(struct fields *f, const char *name, const char *json); /* NULL, or no JSON: null */
void fields_who(struct fields *f, const char *who, int64_t uid);
/* A change, a run, with all that is known of it. */
void fields_change(struct fields *f, const struct store_change *c);
void fields_run(struct fields *f, const struct store_run *run);

/* ---- change_cells.c ---- */
/* "spec.cleanPodPolicy: None -> All, labels.x: ..." of a diff in JSON. */
void change_cell(struct buf *out, const char *diff);
/* "effective", with what the pods showed of it: "effective, seen after 0.4 s". Returns out, or a text of the change. */
const char *effect_cell(const struct store_change *c, char *out, size_t size);

/* ---- given_up.c ---- */
/* Has a process that writes still the journal? A run without an end was given up where none has. */
struct given_up {
    const char *path; /* of the journal; stays */
    bool free;        /* none had it when the reading began */
};
void given_up_begin(struct given_up *g, const char *path); /* before the rows are read; blocks, as the next one */
/* The run as it is told: with the outcome "given up" where that is so. */
struct store_run given_up_told(const struct given_up *g, const struct store_run *run);

/* ---- empty.c: no row is what was asked for. Says what was asked for and is not there; the exit code ---- */
int journal_tell_empty(struct session *s, bool runs, const struct store_filter *filter);

/* ---- verify.c: the exit code; of one journal, and of each of several ---- */
int journal_command_verify(struct session *s);
int journal_command_verify_each(struct session *s);

#endif
