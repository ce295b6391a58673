/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine says about policies that hung or crashed an earlier daemon, and so do not run. */
#include "engine/culprits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine_parts.h"
#include "guard/quarantine.h"
#include "loop/work.h"

void engine_each_quarantined(const struct engine *e,
                             void (*visit)(void *data, const char *policy, const struct quarantine_mark *mark),
                             void *data)
{
    const struct policy_set *set = e->set;
    for (size_t i = 0; set && i < set->file_count; i++) {
        const struct quarantine_mark *mark =
            set->files[i]->quarantined ? policy_quarantine_mark(set->files[i], "") : NULL;
        if (mark)
            visit(data, NULL, mark);
    }
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy_entry *entry = &set->entries[i];
        const struct quarantine_mark *mark =
            entry->quarantined ? policy_quarantine_mark(entry->file, entry->policy->name) : NULL;
        if (mark)
            visit(data, entry->policy->name, mark);
    }
}

static void tell(void *data, const char *policy, const struct quarantine_mark *mark)
{
    const struct engine *e = data;
    char deed[64], when[32], text[320];
    struct buf place = BUF_INIT;
    quarantine_deed(mark, deed);
    clock_format(mark->at, false, when);
    buf_puts(&place, mark->file);
    if (mark->line)
        buf_printf(&place, ":%d", mark->line);
    snprintf(text, sizeof text,
             "%s is in quarantine, because it %s: it does not run until its file changes, or a person says mpijobd "
             "resume",
             policy ? "a policy" : "a file", deed);
    log_event(e->o.log, LOG_ERROR, text,
              LOG_FIELDS({"policy", policy}, {"at", place.failed ? mark->file : place.ptr}, {"since", when}));
    buf_free(&place);
}

void culprits_tell(const struct engine *e)
{
    engine_each_quarantined(e, tell, (void *)(uintptr_t)e);
}

static void tell_unread(const struct engine *e, const struct error *err)
{
    log_event(e->o.log, LOG_ERROR, "the list of policies in quarantine cannot be read; it stays as it was",
              LOG_FIELDS({"reason", err->message}));
}

void culprits_read(const struct engine *e)
{
    struct error err;
    if (e->o.quarantine && quarantine_read(e->o.quarantine, &err))
        tell_unread(e, &err);
}

struct reading {
    struct work work;
    struct engine *engine;
    struct quarantine fresh; /* its path and shared are the engine's quarantine's */
    int rc;
    struct error err;
    void (*then)(struct engine *engine);
};

static void read_list(struct work *work)
{
    struct reading *r = (struct reading *)((char *)work - offsetof(struct reading, work));
    r->rc = quarantine_read(&r->fresh, &r->err);
}

static void list_read(struct work *work)
{
    struct reading *r = (struct reading *)((char *)work - offsetof(struct reading, work));
    struct engine *e = r->engine;
    void (*then)(struct engine *) = r->then;
    if (r->rc)
        tell_unread(e, &r->err);
    else
        quarantine_take(e->o.quarantine, &r->fresh);
    free(r);
    e->reading = false;
    then(e);
}

void culprits_read_then(struct engine *e, void (*then)(struct engine *engine))
{
    struct reading *r = e->o.quarantine ? calloc(1, sizeof *r) : NULL;
    if (!r) {
        culprits_read(e);
        then(e);
        return;
    }
    r->engine = e;
    r->then = then;
    r->fresh = (struct quarantine){.path = e->o.quarantine->path, .shared = e->o.quarantine->shared};
    e->reading = true;
    work_start(e->o.loop, &r->work, read_list, list_read);
}
