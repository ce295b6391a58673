/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a made-up version and kind, added to the real ones. */
#include "mpijob_v3.h"

#define PLACE(name)                                                                                                    \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = "/spec/end/" name                                                 \
    }
const char *const v3_labels[] = {"v3.example.com/job", NULL};
static const char *const no_labels[] = {NULL};
const struct mpijob_reader reader_v3 = {
    .name = "v3's operator",
    .places = {[FIELD_CLEAN_POD_POLICY] = PLACE("cleanPodPolicy"),
               [FIELD_ACTIVE_DEADLINE_SECONDS] = PLACE("activeDeadlineSeconds"),
               [FIELD_MANAGED_BY] = PLACE("managedBy")},
    .pod_labels = v3_labels,
    .manager = "v3.example.com/operator",
    .child = &launcher_pod,
};
static const struct mpijob_reader reader_thing = {.name = "the things' operator", .pod_labels = no_labels};
static const char *const v3_only[] = {"end", NULL};
static const struct mpijob_server server_v3 = {.name = "Third", .namespaced_only = true, .only = v3_only};
static const struct mpijob_definition definition_v3 = {.program = "operator-three",
                                                       .since = {[FIELD_MANAGED_BY] = "v9.9"}};
static const struct mpijob_dialect v3_rows[] = {
    {KIND_MPIJOB, MPIJOB_V3, CONTROLLER_MPI_OPERATOR, .usual = true, .reader = &reader_v3, .server = &server_v3,
     .definition = &definition_v3, .through_child = true, .pods_seen = true},
    {KIND_THING, MPIJOB_V3, CONTROLLER_UNKNOWN, .usual = true, .reader = &reader_thing, .server = &server_v3,
     .definition = &definition_v3},
};
const struct mpijob_kind kind_thing = {.index = MPIJOB_KINDS,
                                       .name = "ThingJob",
                                       .article = "a",
                                       .group = "things.example.com",
                                       .plural = "thingjobs",
                                       .singular = "thingjob",
                                       .definition = "thingjobs.things.example.com",
                                       .likely = MPIJOB_V3,
                                       .specs = "thingSpecs",
                                       .roles = {{"Worker", 3}}};
static const struct mpijob_labelling v3_labelling = {"v3.example.com/job", {"v3.example.com/role"}};

#define ROWS_MAX 64
static struct mpijob_dialect dialects[ROWS_MAX];
static const struct mpijob_kind *kinds[MPIJOB_KINDS + 1];
static const char *versions[MPIJOB_VERSIONS + 1];
static struct mpijob_labelling labellings[16];
struct mpijob_tables v3_tables;

const struct mpijob_tables *__real_mpijob_tables(void);
const struct mpijob_tables *__wrap_mpijob_tables(void);
const struct mpijob_tables *__wrap_mpijob_tables(void)
{
    return &v3_tables;
}

int v3_add_rows(void **state)
{
    (void)state;
    const struct mpijob_tables *real = __real_mpijob_tables();
    size_t labels = 0;
    if (real->dialect_count + 2 > ROWS_MAX)
        return -1;
    memcpy(dialects, real->dialects, real->dialect_count * sizeof *dialects);
    memcpy(dialects + real->dialect_count, v3_rows, sizeof v3_rows);
    memcpy(kinds, real->kinds, sizeof kinds - sizeof *kinds);
    kinds[MPIJOB_KINDS] = KIND_THING;
    memcpy(versions, real->versions, sizeof versions - sizeof *versions);
    versions[MPIJOB_VERSIONS] = "v3";
    for (; real->labellings[labels].job; labels++)
        labellings[labels] = real->labellings[labels];
    labellings[labels] = v3_labelling;
    v3_tables = (struct mpijob_tables){dialects, real->dialect_count + 2, kinds,     MPIJOB_KINDS + 1,
                                       versions, MPIJOB_VERSIONS + 1,     labellings};
    return 0;
}
