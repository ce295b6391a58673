/* SPDX-License-Identifier: Apache-2.0 */
/* The verb log-level: which lines of the log are written, and whether those that repeat are counted; told and set. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log_fold.h"
#include "base/log_levels.h"
#include "control/verbs/parts.h"

#define TEXT_MAX 512

struct setting {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    char text[TEXT_MAX];             /* "": they stay */
    int64_t window;                  /* microseconds; -1: it stays */
};

static const char *level_name(int value)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[value];
}

static void answer(struct verbs *v, struct control_request *r)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct log_levels *levels = v->o.levels;
    signed char all = atomic_load(&levels->all);
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_text(&w, "level", level_name(all ? all - 1 : (int)v->o.log->level));
    json_write_key(&w, "parts");
    json_write_object(&w);
    for (size_t i = 0; log_parts[i]; i++) {
        signed char own = atomic_load(&levels->part[i]);
        if (own)
            write_text(&w, log_parts[i], level_name(own - 1));
    }
    json_write_end(&w);
    write_number(&w, "fold_seconds", log_fold_window(v->o.log) / CLOCK_SECOND);
    answer_with(r, &w);
}

static void gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct setting *)data)->request = NULL;
}

static void set(struct verbs *v, const struct setting *s)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%" PRId64, s->window / CLOCK_SECOND);
    if (*s->text) /* before it may be left out */
        log_event(v->o.log, LOG_WARN, "the level of the log is set",
                  LOG_FIELDS({"levels", s->text}, {"by", s->person.name}));
    if (*s->text)
        log_levels_set(v->o.levels, s->text, NULL);
    if (s->window < 0 || !v->o.log->fold)
        return;
    log_event(v->o.log, LOG_WARN,
              s->window ? "lines of the log that repeat are counted" : "lines of the log that repeat are all written",
              LOG_FIELDS(LOG_JSON_FIELD("seconds", s->window ? seconds : NULL), {"by", s->person.name}));
    log_fold_set(v->o.log, s->window);
}

static void known(struct person *person)
{
    struct setting *s = (struct setting *)person;
    struct verbs *v = s->verbs;
    struct error err;
    struct log_levels checked = {0};
    int rc = v->closed ? error_set(&err, ERR_CANCELLED, "the daemon is being stopped")
                       : log_levels_set(&checked, s->text, &err);
    if (!rc)
        set(v, s);
    if (s->request && rc)
        control_fail(s->request, &err);
    else if (s->request)
        answer(v, s->request);
    free(s);
    verbs_release(v);
}

static bool read_window(struct json args, int64_t *window, struct error *err)
{
    struct json given = json_get(args, "fold_seconds");
    int64_t seconds;
    *window = -1;
    if (!json_exists(given))
        return true;
    if (!json_int64(given, &seconds) || seconds < 0 || seconds > LOG_FOLD_MOST / CLOCK_SECOND) {
        error_set(err, ERR_INVALID, "fold_seconds has to be a whole number from 1 to 3600, or 0: nothing is counted");
        return false;
    }
    *window = seconds * CLOCK_SECOND;
    return true;
}

static void take(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct setting *s = calloc(1, sizeof *s);
    if (!s) {
        error_nomem(&err);
        control_fail(r, &err);
        return;
    }
    if (!read_window(args, &s->window, &err)) {
        free(s);
        control_fail(r, &err);
        return;
    }
    if (!args_text(args, "levels", s->text, sizeof s->text) && s->window < 0) {
        free(s);
        answer(v, r);
        return;
    }
    s->verbs = v;
    s->request = r;
    verbs_hold(v);
    control_wait(r, gone, s);
    person_look_up(v->o.loop, &s->person, r, known);
}

const struct control_verb log_level_verbs[] = {{"log-level", CONTROL_ACTS, take}, {NULL, CONTROL_READS, NULL}};
