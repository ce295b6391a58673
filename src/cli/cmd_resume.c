/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd resume: lets policies out of the quarantine, and has the running daemon look. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/session/session.h"
#include "guard/quarantine.h"
#include "store/store.h"

static void list(const struct quarantine *q)
{
    char when[32], deed[64];
    for (size_t i = 0; i < q->count; i++) {
        const struct quarantine_mark *m = &q->marks[i];
        clock_format(m->at, false, when);
        printf("%s %s, at %s:%d, %s\n", *m->policy ? m->policy : m->file, quarantine_deed(m, deed), m->file, m->line,
               when);
    }
    if (!q->count)
        puts("no policy is in quarantine");
}

/* The daemon that has the state reads its policies again, and the list with them. */
static void tell_daemon(const char *state)
{
    char path[PATH_MAX], pid[STORE_PID_SIZE];
    bool held;
    if (!realpath(state, path) || store_holder(path, &held, pid) || !held || !*pid ||
        kill((pid_t)strtol(pid, NULL, 10), SIGHUP))
        puts("the next start of the daemon finds it");
}

static int let_go(struct session *s, const struct quarantine *q, const char *state)
{
    int code = EXIT_DONE;
    bool any = false;
    for (int i = 0; i < s->options.argument_count; i++) {
        const char *name = s->options.arguments[i];
        if (quarantine_let_go(q, name, clock_now(&s->clock), &s->error)) {
            code = session_fail(s, &s->error);
            continue;
        }
        any = true;
        printf("%s may run again\n", name);
    }
    if (any)
        tell_daemon(state);
    return code;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct session s;
    struct options o;
    struct quarantine q = {0};
    char path[4096];
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    code = session_open(&s, command->name, &o);
    if (code)
        return code;
    session_state_path(&s, path);
    if (quarantine_open(&q, path, NULL, &s.error) || quarantine_read(&q, &s.error))
        code = session_fail(&s, &s.error);
    else if (!o.argument_count)
        list(&q);
    else
        code = let_go(&s, &q, path);
    quarantine_close(&q);
    return session_close(&s, code);
}

const struct command cmd_resume = {
    "resume",
    "[POLICY...]",
    "Let policies run again that hung or crashed the daemon",
    TAKES_STATE,
    run,
    "  mpijobd resume               which policies are in quarantine, and why\n"
    "  mpijobd resume free-gpus     it may run again; the running daemon loads its policies again\n"};
