/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a job, where chance is not to decide it. Plain data, for those who embed the core. */
#ifndef SIM_LIFE_LIFE_PLAN_H
#define SIM_LIFE_LIFE_PLAN_H
#include <stdint.h>

/* What becomes of a job that was placed (sim_place); for others chance decides. */
struct life_plan {
    int64_t start_us, run_us; /* after it came to wait, and after it started; LIFE_CHANCE: chance decides */
    char outcome[8];          /* "succeed", "fail", "evict", "hang"; "": chance decides */
};
#define LIFE_CHANCE (-1)
#define LIFE_NEVER (INT64_MAX / 4)
#endif
