/* Names and identifiers that look as the API server's do, reproducible from the seed. */
#include "sim/server/server.h"

#include "base/clock.h"

#include <stdio.h>

uint64_t sim_random(struct sim *sim) /* splitmix64 */
{
    uint64_t z = sim->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void sim_uuid(struct sim *sim, char out[37])
{
    uint64_t a = sim_random(sim), b = sim_random(sim);
    snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
             (unsigned)(a & 0xfff), (unsigned)((b >> 48 & 0x3fff) | 0x8000), (unsigned long long)(b & 0xffffffffffffu));
}

void sim_suffix(struct sim *sim, char out[6])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    for (int i = 0; i < 5; i++)
        out[i] = letters[sim_random(sim) % (sizeof letters - 1)];
    out[5] = 0;
}

void sim_timestamp(const struct sim *sim, char out[32])
{
    clock_format(sim->now_us, false, out);
}

size_t sim_job_count(const struct sim *sim)
{
    return sim->store.shelf[K_MPIJOB].live;
}
