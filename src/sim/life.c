#include "sim/life.h"

#include <stdlib.h>

struct life *life_new(struct sim *sim)
{
    (void)sim;
    return NULL;
}

void life_free(struct life *life)
{
    free(life);
}

void life_notify(struct sim *sim, struct revision *rev)
{
    (void)sim;
    (void)rev;
}

int64_t life_tick(struct sim *sim)
{
    (void)sim;
    return INT64_MAX;
}
