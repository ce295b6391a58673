/* SPDX-License-Identifier: Apache-2.0 */
/* Who has closed what an earlier epoch had begun. The replica that began it, and each that had taken it over, has a row
 * without an end in its journal. The row in flight goes with the first outcome, also with our own, which the journal
 * may lack still; so its absence alone does not say that another has seen to it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "shared/row_line.h"
#include "shared/shared_parts.h"

#define SPACE "closed"
#define KEPT_FOR (30 * 86400 * CLOCK_SECOND) /* longer than a replica is away with its journal */
#define KEY 160

static const char *key_of(const struct state_begun *change, char key[KEY])
{
    snprintf(key, KEY, "%" PRId64 "/%" PRId64 "/%s", change->run, change->intended_at, change->uid);
    return key;
}

struct old {
    int64_t now;
    struct buf *lines;
};

static bool remove_old(void *data, const struct shared_row *row)
{
    struct old *old = data;
    struct row_line_row line = row_line_read(row);
    int64_t expires_at;
    char key[KEY];
    struct store_kept gone = {.space = SPACE, .key = key};
    if (json_int64(line.elements[3], &expires_at) && expires_at <= old->now &&
        json_string_at(line.elements[1], "", key, sizeof key) == 0)
        row_line_kept(old->lines, &gone);
    return true;
}

void shared_closed_note(struct shared *s, struct json change, struct buf *lines)
{
    char uid[64] = "", key[KEY];
    struct state_begun begun = {.uid = uid};
    json_int64(json_get(change, "run"), &begun.run);
    json_int64(json_get(change, "epoch"), &begun.epoch);
    json_int64(json_get(change, "intended_at"), &begun.intended_at);
    json_string_at(change, "/uid", uid, sizeof uid);
    if (!begun.epoch || begun.epoch == s->head.epoch)
        return;
    struct old old = {clock_now(s->o.clock), lines};
    struct store_kept row = {SPACE, key_of(&begun, key), s->replica, old.now + KEPT_FOR};
    rows_each(&s->rows, str_of("[\"k\",\"" SPACE "\","), remove_old, &old);
    row_line_kept(lines, &row);
}

/* What was begun for the journal alone has no epoch. */
bool shared_change_is_open(struct state *state, const struct state_begun *change)
{
    struct shared *s = (struct shared *)state;
    struct buf line = BUF_INIT;
    char key[KEY];
    row_line_key(&line, LINE_KEPT, SPACE, key_of(change, key));
    uv_mutex_lock(&s->rows.lock);
    const struct shared_row *row = line.failed || !change->epoch ? NULL : rows_find(&s->rows, buf_str(&line));
    bool others = row && !json_string_is(row_line_read(row).elements[2], str_of(s->replica));
    uv_mutex_unlock(&s->rows.lock);
    buf_free(&line);
    return !others;
}
