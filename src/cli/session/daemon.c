/* SPDX-License-Identifier: Apache-2.0 */
/* One question to the daemon that has the session's state. */
#include "cli/session/daemon.h"

#include <string.h>
#include <unistd.h>

#include "cli/session/hand.h"
#include "control/asker.h"
#include "pause/pauses.h"
#include "store/store.h"

struct asking {
    struct session *session;
    const struct daemon_question *question;
};

static void answered(void *data, struct json result, const struct error *err)
{
    struct asking *a = data;
    if (err)
        a->session->error = *err;
    else
        a->question->answered(a->question->data, result);
    a->session->flag = true;
}

static void told(void *data, struct json line)
{
    const struct asking *a = data;
    if (a->question->told)
        a->question->told(a->question->data, line);
}

static void closed(void *data)
{
    ((struct asking *)data)->session->flag = true;
}

static void write_args(struct buf *out, const struct daemon_question *q)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    if (q->policy) {
        json_write_key(&w, "policy");
        json_write_string(&w, q->policy);
    }
    if (q->job) {
        json_write_key(&w, "job");
        json_write_string(&w, q->job);
    }
    if (q->more)
        q->more(q->data, &w);
    json_write_end(&w);
}

int daemon_ask(struct session *s, const struct daemon_question *q, bool *reached)
{
    char path[4096];
    const char *at = session_control_path(s, path);
    struct control_asker *asker = NULL;
    struct asking a = {.session = s, .question = q};
    struct buf args = BUF_INIT;
    error_clear(&s->error);
    int rc = at ? control_connect(&s->loop, at, &asker, &s->error)
                : error_set(&s->error, ERR_NOT_FOUND, "no daemon can be asked: its control socket is turned off");
    *reached = !rc;
    if (rc)
        return rc;
    write_args(&args, q);
    rc = buf_result(&args, "the question", &s->error);
    struct control_question question = {
        .verb = q->verb, .args = {buf_str(&args)}, .told = told, .done = answered, .data = &a};
    if (!rc)
        rc = control_ask(asker, &question, &s->error);
    buf_free(&args);
    if (!rc)
        session_wait(s);
    struct error kept = s->error;
    control_asker_close(asker, closed, &a);
    session_wait(s);
    s->error = kept;
    return s->error.code;
}

int daemon_paused(struct session *s, struct paused *paused)
{
    char path[4096];
    struct store *store;
    session_state_path(s, path);
    if (strcmp(path, ":memory:") == 0 || access(path, F_OK) != 0)
        return 0;
    int rc = store_open_reader(path, &store, &s->error);
    if (rc == ERR_NOT_FOUND || (rc == ERR_INVALID && s->error.retryable)) /* an older mpijobd's: it knew no pauses */
        return 0;
    if (!rc) {
        rc = pauses_read(store, paused, &s->error);
        store_close(store, NULL, NULL);
    }
    return rc;
}
