/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that have no end and never get one from their own process: that one has gone. */
#include <limits.h>
#include <stdlib.h>

#include "base/texts.h"
#include "cli/journal/journal_parts.h"
#include "store/store.h"

/* Where it cannot be told, a process has it: that claims nothing. */
static bool is_free(const char *path)
{
    char real[PATH_MAX], pid[STORE_PID_SIZE];
    bool held = true, brief;
    return realpath(path, real) && store_holder(real, &held, &brief, pid) == 0 && !held;
}

void given_up_begin(struct given_up *g, const char *path)
{
    *g = (struct given_up){.path = path, .free = is_free(path)};
}

struct store_run given_up_told(const struct given_up *g, const struct store_run *run)
{
    struct store_run told = *run;
    if (run->outcome || !g->free || !is_free(g->path)) /* another command may have begun it meanwhile */
        return told;
    told.outcome = "given up";
    if (!run->message)
        told.message = "its process is gone; the next daemon looks after what it left in flight, and closes it";
    return told;
}

const char *given_up_sent(const struct given_up *g, const struct store_change *c, char *out, size_t size)
{
    if (c->outcome || c->message || !g->free)
        return c->message;
    snprintf(out, size, "it was sent to %s: whoever works there with this state next looks it up", or_empty(c->server));
    return out;
}
