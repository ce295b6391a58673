/* SPDX-License-Identifier: Apache-2.0 */
/* One MPIJob that is being made, and its JSON. */
#ifndef SIM_LIFE_GENERATE_TEXT_H
#define SIM_LIFE_GENERATE_TEXT_H
#include "sim/server/server.h"

enum state { CREATED, RUNNING, SUCCEEDED, FAILED, SUSPENDED, EVICTED, STUCK };
enum oddity { PLAIN, ODD_EVICTED, ODD_STUCK, ODD_MISSPELT, ODD_BAD_POLICY, ODD_HUGE, ODD_STILL_RUNNING, ODDITIES };

struct job {
    struct sim *sim;
    struct buf b; /* the JSON */
    size_t index;
    const char *ns, *team, *model, *framework;
    char name[64], owner[24], created[32], started[32], ended[32];
    int style; /* the version that its author wrote it in: where fields stand */
    enum state state;
    enum oddity odd;
    int workers, gpus;
    bool keeps; /* its workers stay when it has ended */
    int64_t age_s, run_s;
};

static inline uint64_t below(struct sim *sim, uint64_t n)
{
    return sim_random(sim) % n;
}

static inline bool chance(struct sim *sim, unsigned percent)
{
    return below(sim, 100) < percent;
}

#define PICK(sim, list) (list)[below((sim), sizeof(list) / sizeof((list)[0]))]

void generate_text(struct job *j); /* writes the whole object to j->b */
#endif
