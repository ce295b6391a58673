/* SPDX-License-Identifier: Apache-2.0 */
/* The verb log-level: which lines of the log are written, told and set. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log_levels.h"
#include "control/verbs/parts.h"

#define TEXT_MAX 512

struct setting {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    char text[TEXT_MAX];
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
    answer_with(r, &w);
}

static void gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct setting *)data)->request = NULL;
}

static void known(struct person *person)
{
    struct setting *s = (struct setting *)person;
    struct verbs *v = s->verbs;
    struct error err;
    struct log_levels checked = {0};
    int rc = v->closed ? error_set(&err, ERR_CANCELLED, "the daemon is being stopped")
                       : log_levels_set(&checked, s->text, &err);
    if (!rc) /* before it may be left out */
        log_event(v->o.log, LOG_WARN, "the level of the log is set",
                  LOG_FIELDS({"levels", s->text}, {"by", person->name}));
    if (!rc)
        log_levels_set(v->o.levels, s->text, NULL);
    if (s->request && rc)
        control_fail(s->request, &err);
    else if (s->request)
        answer(v, s->request);
    free(s);
    verbs_release(v);
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
    if (!args_text(args, "levels", s->text, sizeof s->text)) {
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
