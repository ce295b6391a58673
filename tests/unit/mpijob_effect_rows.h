/* SPDX-License-Identifier: Apache-2.0 */
/* The experiments: tests/fixtures/effects.tsv, row by row. */
#ifndef MPIJOBD_TESTS_MPIJOB_EFFECT_ROWS_H
#define MPIJOBD_TESTS_MPIJOB_EFFECT_ROWS_H

#include "mpijob_effect_cases.h"

enum column { API_VERSION, CONTROLLER, STATE, FIELD, CHANGE, VERDICT, NOTE, VERIFIED, COLUMNS };
struct row {
    char *c[COLUMNS];
};
extern struct row rows[600];
extern size_t row_count;

/* Group setup and teardown. */
int rows_load(void **state);
int rows_unload(void **state);

struct mpijob_target target_of(const struct row *r);
int release_of(const struct row *r); /* the number of its bit in enum release */
/* "dropped" or "rejected": the server's answer tells, whatever the verdict. */
bool left_to_server(const struct row *r);
/* The row's field is a place that the program writes or reads for it in that version. */
bool is_place(const struct row *r, enum mpijob_field_id field);
void pointer_of(const struct row *r, char *out, size_t size);
/* The case that puts the row to the program; NULL: none. */
const struct effect_case *case_of(const struct row *r);
/* The diff of the row's place alone, made by hand (c->by_hand). */
void diff_by_hand(const struct row *r, const struct effect_case *c, struct mpijob_diff *diff);

#endif
