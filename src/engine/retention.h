/* The journal does not grow for ever: once a day, and at the start, what is older than `keep` goes (journal_prune). */
#ifndef MPIJOBD_ENGINE_RETENTION_H
#define MPIJOBD_ENGINE_RETENTION_H

#include "loop/timer.h"

struct engine;

struct retention {
    struct engine *engine;
    struct alarm alarm;
};

/* Nothing where the engine keeps no journal, or keeps it for ever. */
void retention_start(struct retention *retention, struct engine *engine);
void retention_stop(struct retention *retention);

#endif
