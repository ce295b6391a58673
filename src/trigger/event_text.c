/* SPDX-License-Identifier: Apache-2.0 */
/* What a new text of the policy changes: with `again` what was handled becomes new, once for each text
 * (event_handled.h). */
#include <inttypes.h>
#include <stdio.h>

#include "policy/policy_text.h"
#include "trigger/event_parts.h"

static void tell(const struct event_trigger *t, const char *message, size_t handled)
{
    char count[24];
    snprintf(count, sizeof count, "%zu", handled);
    log_event(
        t->site->log, LOG_INFO, message,
        LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site), LOG_JSON_FIELD("handled", count)));
}

static void write_number(struct event_trigger *t, store_done done)
{
    char key[EVENT_EPOCH_KEY_MAX];
    state_set_mark(t->site->state, event_epoch_key(t->key, "again", key), event_epoch_mark(&t->epoch), done,
                   done ? t : NULL);
}

static void write_text(struct event_trigger *t, store_done done)
{
    char key[EVENT_EPOCH_KEY_MAX];
    uint64_t text = t->entry.policy->text;
    if (t->epoch.left == event_text_short(text)) { /* back to it, without a new number */
        t->epoch.left = 0;
        write_number(t, NULL);
    }
    state_set_mark(t->site->state, event_epoch_key(t->key, "text", key), (int64_t)text, done, done ? t : NULL);
    t->epoch.text = text;
    t->epoch.text_known = true;
}

/* Both marks are durable, or the trigger tries again. */
static void begun_again(void *data, int64_t id, const struct error *err)
{
    struct event_trigger *t = data;
    (void)id;
    t->writing = false;
    t->text_settled = !err;
    if (err && !t->stopped) {
        log_event(t->site->log, LOG_ERROR,
                  "the policy waits, because its new text cannot be written down; trying again",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site), {"reason", err->message}));
        t->read = false; /* what the state says now */
        event_rows_free(t);
        event_pause(t, RETRY_FIRST_MS);
    }
    event_release(t);
    if (!t->stopped)
        event_wake(t);
}

/* The number is durable: the text follows. After a death between the two the text is new once more, or again the one
 * before, and nothing was handled meanwhile. */
static void counted(void *data, int64_t id, const struct error *err)
{
    struct event_trigger *t = data;
    if (err)
        begun_again(t, id, err);
    else
        write_text(t, begun_again);
}

static void begin_again(struct event_trigger *t)
{
    if (event_tells(t))
        tell(t, "the policy has another text: the jobs that it has handled count as new", event_rows_handled(t));
    t->epoch.generation++;
    t->epoch.left = t->epoch.text_known ? event_text_short(t->epoch.text) : 0;
    t->writing = true;
    write_number(t, counted);
}

static void tell_kept(const struct event_trigger *t, size_t handled)
{
    tell(t,
         "the policy has another text: the jobs that it has handled stay as they are (again = true would count them "
         "as new)",
         handled);
}

bool event_text_settle(struct event_trigger *t)
{
    const struct policy *p = t->entry.policy;
    if (t->text_settled || !t->site->state)
        return true;
    bool differs = event_epoch_is_over(&t->epoch, p, t->rows != NULL);
    if (differs && p->again) {
        begin_again(t);
        return false;
    }
    if (differs && t->epoch.text_known && event_tells(t))
        tell_kept(t, event_rows_handled(t));
    if (differs)
        event_rows_forget_instants(t);
    if (!t->epoch.text_known || t->epoch.text != p->text)
        write_text(t, NULL);
    t->text_settled = true;
    return true;
}

static bool is_handled(const struct event_trigger *t, const struct job_state *j)
{
    unsigned done = job_kinds(j, HANDLING_DONE) & t->entry.policy->on;
    for (unsigned kind = 1; kind < 1U << ON_EVENTS; kind <<= 1) {
        if ((done & kind) && (kind == ON_MATCH || (j->flags & job_since_start(kind))))
            return true;
    }
    return false;
}

static size_t count_handled(const struct event_trigger *t)
{
    size_t handled = 0;
    for (uint32_t slot = 0; slot < t->slots; slot++)
        handled += is_handled(t, &t->jobs[slot]);
    return handled;
}

int64_t event_trigger_handled(const struct event_trigger *t)
{
    return t->scanned ? (int64_t)count_handled(t) : -1;
}

void event_text_reloaded(struct event_trigger *t, uint64_t was)
{
    struct state *state = t->site->state;
    if (state && !t->text_settled) /* it is told when the rows are read */
        return;
    size_t handled = count_handled(t);
    if (policy_text_differs(was, t->entry.policy->text)) {
        tell_kept(t, handled);
        event_rows_forget_instants(t);
    }
    if (state && t->epoch.text != t->entry.policy->text)
        write_text(t, NULL);
}
