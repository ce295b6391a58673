/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of canaries, and their rows. */
#include "limit/canary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "store/kept.h"
#include "json/write.h"

#define SPACE "canary"
#define EFFECTS_LATER (120 * CLOCK_SECOND) /* so much longer is waited for effects */

/* ---- rows ---- */

struct reading {
    struct canaries *canaries;
    struct error *err;
    int rc;
};

static struct canary_state *add(struct canaries *c, const char *key)
{
    struct canary_state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    snprintf(s->key, sizeof s->key, "%s", key);
    LL_PREPEND(c->list, s);
    return s;
}

static bool read_row(void *data, const struct store_kept *row)
{
    struct reading *r = data;
    struct canary_state *s = add(r->canaries, row->key);
    struct json root;
    char text[32];
    int64_t step = 0;
    if (!s) {
        r->rc = error_nomem(r->err);
        return false;
    }
    if (json_parse(str_of(row->value), "a canary", &root, NULL))
        return true; /* it begins again */
    if (json_string_at(root, "/text", text, sizeof text) == 0)
        s->text = strtoull(text, NULL, 16);
    if (json_int64(json_get(root, "step"), &step) && step > 0 && step <= CANARY_STEPS)
        s->step = (unsigned)step;
    s->acted = json_int64(json_get(root, "until"), &s->until) && s->until > 0;
    return true;
}

int canaries_open(struct canaries *c, struct store *store, struct error *err)
{
    *c = (struct canaries){.store = store};
    struct reading r = {.canaries = c, .err = err};
    int rc = store_read_kept(store, SPACE, read_row, &r, err);
    return rc ? rc : r.rc;
}

void canaries_close(struct canaries *c)
{
    while (c->list) {
        struct canary_state *s = c->list;
        LL_DELETE(c->list, s);
        free(s);
    }
}

/* Without memory, or where the disk fails, a restart makes the step once more. */
static void keep(const struct canaries *c, const struct canary_state *s)
{
    struct buf value = BUF_INIT;
    char text[32];
    struct json_writer w;
    json_writer_init(&w, &value);
    json_write_object(&w);
    snprintf(text, sizeof text, "%016" PRIx64, s->text);
    json_write_key(&w, "text");
    json_write_string(&w, text);
    json_write_key(&w, "step");
    json_write_int(&w, (int64_t)s->step);
    json_write_key(&w, "until");
    json_write_int(&w, s->acted ? s->until : 0);
    json_write_end(&w);
    struct store_kept row = {.space = SPACE, .key = s->key, .value = value.ptr};
    if (!value.failed && c->store)
        store_keep(c->store, &row, NULL, NULL);
    buf_free(&value);
}

/* ---- steps ---- */

struct canary_state *canaries_find(struct canaries *c, const char *key, uint64_t text)
{
    struct canary_state *s;
    LL_FOREACH(c->list, s)
    {
        if (strcmp(s->key, key) == 0)
            break;
    }
    if (!s)
        s = add(c, key);
    if (s && s->text != text) {
        struct canary_state *next = s->next;
        *s = (struct canary_state){.text = text, .next = next};
        snprintf(s->key, sizeof s->key, "%s", key);
    }
    return s;
}

bool canary_led_in(const struct canary_state *s, const struct canary *canary)
{
    return s->step >= canary->count;
}

static int64_t share(const struct canary_step *step, int64_t n)
{
    int64_t jobs = step->jobs ? step->jobs : (int64_t)((double)n * step->percent / 100);
    if (!step->jobs && (double)jobs * 100 < (double)n * step->percent)
        jobs++; /* a part of a job is one */
    return jobs < n ? jobs : n;
}

int64_t canary_allow(struct canaries *c, struct canary_state *s, const struct canary *canary, int64_t n, int64_t now,
                     int64_t *until)
{
    *until = 0;
    if (canary_led_in(s, canary))
        return n;
    if (s->acted && s->until > now + canary->pause)
        s->until = now + canary->pause; /* the clock was set back */
    bool watched = s->acted && now < s->until, awaited = s->acted && s->awaited && now < s->until + EFFECTS_LATER;
    if (watched || awaited) {
        *until = watched ? s->until : s->until + EFFECTS_LATER;
        return 0;
    }
    if (s->acted) {
        s->acted = false;
        s->awaited = 0;
        s->step++;
        keep(c, s);
    }
    return canary_led_in(s, canary) ? n : share(&canary->steps[s->step], n);
}

int64_t canary_would_allow(const struct canary_state *s, const struct canary *canary, int64_t n, int64_t now,
                           unsigned *step, int64_t *until)
{
    struct canaries nowhere = {0};
    struct canary_state copy = *s;
    int64_t most = canary_allow(&nowhere, &copy, canary, n, now, until);
    *step = copy.step;
    return most;
}

void canary_begin(struct canaries *c, struct canary_state *s, const struct canary *canary, int64_t now)
{
    s->acted = true;
    s->awaited = 0;
    s->until = now + canary->pause;
    keep(c, s);
}

void canary_again(struct canaries *c, struct canary_state *s)
{
    s->acted = false;
    s->awaited = 0;
    keep(c, s);
}

const char *canary_text(const struct canary_state *s, const struct canary *canary, int64_t now, char out[CANARY_TEXT])
{
    char when[32];
    unsigned step = s->step + (s->acted && now >= s->until && !s->awaited);
    int n = snprintf(out, CANARY_TEXT, "canary step %u of %u ", step < canary->count ? step + 1 : canary->count,
                     canary->count);
    clock_format(s->until, false, when);
    if (step >= canary->count)
        snprintf(out + n, CANARY_TEXT - (size_t)n, "is over");
    else if (s->acted && now < s->until)
        snprintf(out + n, CANARY_TEXT - (size_t)n, "is watched until %s", when);
    else if (s->acted && s->awaited)
        snprintf(out + n, CANARY_TEXT - (size_t)n, "waits for %u effect%s", s->awaited, s->awaited == 1 ? "" : "s");
    else
        snprintf(out + n, CANARY_TEXT - (size_t)n, "comes with the next run");
    return out;
}
