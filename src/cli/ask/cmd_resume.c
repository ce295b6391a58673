/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd resume: lets policies run again that a person has paused, or that are in quarantine. The running daemon is
 * asked; where none runs, or it cannot be asked, the files beside the state are changed. */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask/cmd_ask.h"
#include "cli/session/daemon.h"
#include "cli/terminal/terminal.h"
#include "guard/quarantine.h"
#include "pause/pauses.h"
#include "store/store.h"

struct resuming {
    struct session s;
    struct quarantine quarantine;
    struct paused paused;
    char state[4096];
    struct error failed; /* of the taking of an answer */
    bool any;            /* of the files, something was changed */
};

/* ---- what there is ---- */

/* As the daemon tells them. */
static void take_marks(void *data, struct json result)
{
    struct resuming *r = data;
    paused_free(&r->paused);
    for (struct json_iter it = json_iter(result); json_next(&it) && !r->failed.code;) {
        struct paused_mark m = {0};
        char since[64];
        json_string_at(json_get(it.value, "policy"), "", m.policy, sizeof m.policy);
        json_string_at(json_get(it.value, "by"), "", m.who, sizeof m.who);
        json_string_at(json_get(it.value, "why"), "", m.why, sizeof m.why);
        json_string_at(json_get(it.value, "since"), "", since, sizeof since);
        clock_parse(since, &m.at);
        paused_add(&r->paused, &m, &r->failed);
    }
}

static void list_paused(const struct resuming *r)
{
    char when[32];
    for (size_t i = 0; i < r->paused.count; i++) {
        const struct paused_mark *m = &r->paused.marks[i];
        terminal_time(m->at, when);
        printf("%s is paused, by %s since %s%s%s\n", m->policy, *m->who ? m->who : "an unknown user", when,
               *m->why ? ": " : "", m->why);
    }
    if (!r->paused.count)
        puts("no policy is paused");
}

static void list_quarantined(const struct resuming *r)
{
    char when[32], deed[64];
    for (size_t i = 0; i < r->quarantine.count; i++) {
        const struct quarantine_mark *m = &r->quarantine.marks[i];
        terminal_time(m->at, when);
        printf("%s %s, at %s:%d, %s\n", *m->policy ? m->policy : m->file, quarantine_deed(m, deed), m->file, m->line,
               when);
    }
    if (!r->quarantine.count)
        puts("no policy is in quarantine");
}

static struct error *pauses_elsewhere(struct session *s)
{
    error_set(
        &s->error, ERR_UNREACHABLE,
        "no daemon answers here. The daemons share what is paused, and %s tells and ends it: run mpijobd resume on "
        "its host or in its pod, or name its socket with --control",
        s->config.lead.shards ? "any one of them" : "the one that leads");
    return &s->error;
}

/* Daemons that share what they know keep pauses elsewhere than in the file, and only their leader tells them. */
static int list(struct resuming *r)
{
    struct session *s = &r->s;
    struct daemon_question q = {.verb = "paused", .answered = take_marks, .data = r};
    bool reached;
    int rc = daemon_ask(s, &q, &reached);
    if (!rc && r->failed.code) {
        s->error = r->failed;
        rc = r->failed.code;
    }
    if (!reached && s->config.lead.on) {
        list_quarantined(r);
        return session_fail(s, pauses_elsewhere(s));
    }
    if (!rc || !reached)
        list_paused(r);
    list_quarantined(r);
    return rc && reached ? session_fail(s, &s->error) : EXIT_DONE;
}

/* ---- without asking a daemon ---- */

struct writing {
    struct session *session;
    struct error error;
};

static void written(void *data, int64_t id, const struct error *err)
{
    struct writing *w = data;
    (void)id;
    if (err)
        w->error = *err;
    w->session->flag = true;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

/* The state's file is the daemon's alone while one runs. */
static int forget_pause(struct resuming *r, const char *policy)
{
    struct session *s = &r->s;
    struct writing w = {.session = s};
    if (store_open_brief(&s->loop, r->state, &s->log, &s->store, &s->error))
        return s->error.code;
    pauses_forget(s->store, policy, written, &w);
    session_wait(s);
    store_close(s->store, closed, s);
    session_wait(s);
    s->store = NULL;
    s->error = w.error;
    return w.error.code;
}

static int by_files(struct resuming *r, const char *name)
{
    struct session *s = &r->s;
    bool paused = paused_find(&r->paused, name) != NULL;
    int rc = paused ? forget_pause(r, name) : 0;
    if (rc)
        return rc;
    rc = quarantine_let_go(&r->quarantine, name, clock_now(&s->clock), &s->error);
    return rc == ERR_NOT_FOUND && paused ? 0 : rc;
}

/* The daemon that has the state reads its policies again, and the list with them. */
static void tell_daemon(const char *state)
{
    char path[PATH_MAX], pid[STORE_PID_SIZE];
    bool held, brief;
    if (!realpath(state, path) || store_holder(path, &held, &brief, pid) || !held || brief || !*pid ||
        kill((pid_t)strtol(pid, NULL, 10), SIGHUP))
        puts("the next start of the daemon finds it");
}

/* ---- the command ---- */

static void resumed(void *data, struct json result)
{
    json_int64(json_get(result, "everywhere_within_seconds"), data);
}

static int let_go(struct resuming *r, const char *name)
{
    struct session *s = &r->s;
    int64_t everywhere = 0;
    struct daemon_question q = {.verb = "resume", .policy = name, .answered = resumed, .data = &everywhere};
    bool reached;
    int rc = daemon_ask(s, &q, &reached);
    if (rc && !reached) {
        rc = by_files(r, name);
        r->any = r->any || !rc;
        if (rc && s->config.lead.on)
            pauses_elsewhere(s);
    }
    if (rc)
        return session_fail(s, &s->error);
    printf("%s may run again\n", name);
    if (everywhere)
        printf("  for all shards: the other daemons let it run within %" PRId64 " s\n", everywhere);
    return EXIT_DONE;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct resuming r = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    code = session_open(&r.s, command->name, &o);
    if (code)
        return code;
    session_state_path(&r.s, r.state);
    if (quarantine_open(&r.quarantine, r.state, NULL, &r.s.error) || quarantine_read(&r.quarantine, &r.s.error) ||
        daemon_paused(&r.s, &r.paused))
        code = session_fail(&r.s, &r.s.error);
    else if (!o.argument_count)
        code = list(&r);
    for (int i = 0; !code && i < o.argument_count; i++)
        code = let_go(&r, o.arguments[i]);
    if (r.any)
        tell_daemon(r.state);
    quarantine_close(&r.quarantine);
    paused_free(&r.paused);
    return session_close(&r.s, code);
}

const struct command cmd_resume = {
    "resume",
    "[POLICY...]",
    "Let policies run again that were paused, or that hung or crashed the daemon",
    TAKES_STATE | TAKES_TIMES,
    run,
    "  mpijobd resume               which policies are paused or in quarantine, and why\n"
    "  mpijobd resume free-gpus     it may run again\n"};
