/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the table of experiments. */
#include "mpijob_effect_rows.h"

#include <stdlib.h>

#include "mpijob/effect/effect_table.h"

struct row rows[600];
size_t row_count;
static char *table_text;

int rows_load(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct error err = {0};
    if (buf_read_file(&b, TEST_SOURCE_DIR "/tests/fixtures/effects.tsv", 1 << 20, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    table_text = buf_take(&b, NULL);
    char *next = table_text;
    for (char *line; (line = strsep(&next, "\n"));) {
        if (!*line || *line == '#' || strncmp(line, "api_version\t", 12) == 0)
            continue;
        for (int i = 0; i < COLUMNS; i++)
            rows[row_count].c[i] = strsep(&line, "\t");
        row_count++;
    }
    return 0;
}

int rows_unload(void **state)
{
    (void)state;
    free(table_text);
    return 0;
}

struct mpijob_target target_of(const struct row *r)
{
    struct mpijob_target t = {.version = MPIJOB_V1, .controller = CONTROLLER_MPI_OPERATOR};
    assert_true(mpijob_version_parse(str_of(r->c[API_VERSION]), &t.version));
    if (str_starts(str_of(r->c[CONTROLLER]), "training-operator-"))
        t.controller = CONTROLLER_TRAINING_OPERATOR;
    return t;
}

int release_of(const struct row *r)
{
    static const struct {
        const char *version, *controller;
        unsigned release;
    } all[] = {
        {"v1alpha2", "mpi-operator-v0.2.3", V1ALPHA2_023},
        {"v1alpha2", "mpi-operator-v0.3.0", V1ALPHA2_030},
        {"v1", "mpi-operator-v0.2.3", V1_023},
        {"v1", "mpi-operator-v0.3.0", V1_030},
        {"v2beta1", "mpi-operator-v0.3.0", V2BETA1_030},
        {"v2beta1", "mpi-operator-v0.4.0", V2BETA1_040},
        {"v2beta1", "mpi-operator-v0.6.0", V2BETA1_060},
        {"v2beta1", "mpi-operator-v0.8.0", V2BETA1_080},
        {"v1", "training-operator-v1.9.0", TRAINING_190},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].version, r->c[API_VERSION]) == 0 && strcmp(all[i].controller, r->c[CONTROLLER]) == 0)
            return __builtin_ctz(all[i].release);
    }
    fail_msg("no such release: %s %s", r->c[API_VERSION], r->c[CONTROLLER]);
    return 0;
}

bool left_to_server(const struct row *r)
{
    /* "inert" where a job was created with it: the definition of that release has no such field, and drops it */
    if (strcmp(r->c[CONTROLLER], "mpi-operator-v0.3.0") == 0 && strcmp(r->c[API_VERSION], "v2beta1") == 0 &&
        str_ends(str_of(r->c[FIELD]), ".suspend"))
        return true;
    return strcmp(r->c[VERDICT], "dropped") == 0 || strcmp(r->c[VERDICT], "rejected") == 0;
}

void pointer_of(const struct row *r, char *out, size_t size)
{
    snprintf(out, size, "/%s", r->c[FIELD]);
    for (char *p = out; *p; p++)
        *p = *p == '.' ? '/' : *p;
}

bool is_place(const struct row *r, enum mpijob_field_id field)
{
    char pointer[128];
    const struct mpijob_place *place = mpijob_field_place(field, target_of(r));
    pointer_of(r, pointer, sizeof pointer);
    const char *const all[] = {place->pointer, place->also, place->overrides};
    for (size_t i = 0; i < 3; i++) {
        if (all[i] && strncmp(all[i], pointer, strlen(all[i])) == 0)
            return true;
    }
    return false;
}

const struct effect_case *case_of(const struct row *r)
{
    for (size_t i = 0; i < effect_case_count; i++) {
        const struct effect_case *c = &effect_cases[i];
        if (str_glob(c->row_field, str_of(r->c[FIELD])) && strcmp(c->row_state, r->c[STATE]) == 0 &&
            strcmp(c->row_change, r->c[CHANGE]) == 0)
            return c;
    }
    return NULL;
}

void diff_by_hand(const struct row *r, const struct effect_case *c, struct mpijob_diff *diff)
{
    char pointer[128], text[512];
    *diff = (struct mpijob_diff){0};
    pointer_of(r, pointer, sizeof pointer);
    snprintf(text, sizeof text, "[{\"path\":\"%s\",\"before\":null,\"after\":%s}]", pointer, c->by_hand);
    assert_int_equal(mpijob_diff_read(diff, parsed(text), NULL), 0);
}
