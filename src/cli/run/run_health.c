/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's parts in words: what the engine has, who rests, the journal. */
#include "cli/run/run_health.h"

#include <inttypes.h>

#include "guard/quarantine.h"
#include "pause/paused.h"
#include "store/store.h"

struct parts {
    struct buf *out;
    bool clusters; /* also those that are not connected */
};

static void add_missing(void *data, const struct engine_part *part)
{
    const struct parts *p = data;
    if (!part->well && (p->clusters || part->kind != ENGINE_CLUSTER))
        buf_printf(p->out, "%s: %s\n", part->name, part->state);
}

static void add_part(void *data, const struct engine_part *part)
{
    buf_printf(data, "[%c] %s: %s\n", part->wrong ? '-' : '+', part->name, part->state);
}

/* The others run all the same: it is told, and the daemon is ready. */
static void add_quarantined(void *data, const char *policy, const struct quarantine_mark *mark)
{
    char deed[64];
    buf_printf(data, "[-] %s %s: in quarantine, because it %s, at %s:%d\n", policy ? "policy" : "file",
               policy ? policy : mark->file, quarantine_deed(mark, deed), mark->file, mark->line);
}

static void add_paused(void *data, const struct paused_mark *mark)
{
    char when[32];
    clock_format(mark->at, false, when);
    buf_printf(data, "[-] policy %s: paused by %s since %s%s%s\n", mark->policy,
               *mark->who ? mark->who : "an unknown user", when, *mark->why ? ": " : "", mark->why);
}

void run_health_parts(const struct session *s, struct buf *out)
{
    uint64_t failures = store_failures(s->store);
    if (s->engine)
        engine_each_part(s->engine, add_part, out);
    if (s->engine)
        engine_each_quarantined(s->engine, add_quarantined, out);
    if (s->engine)
        engine_each_paused(s->engine, add_paused, out);
    buf_printf(out, "[+] journal: %" PRIu64 " writes have failed\n", failures);
}

void run_health_missing(const struct session *s, struct buf *out)
{
    struct engine_snapshot now = {.stopping = true};
    if (s->engine)
        now = engine_look(s->engine);
    if (now.stopping)
        buf_puts(out, "the daemon is being stopped\n");
    else if (!now.connected)
        buf_puts(out, "no cluster has been connected to yet\n");
    if (s->engine && !now.stopping)
        engine_each_part(s->engine, add_missing, &(struct parts){out, now.connected != 0});
}
