/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the journal: a daemon with a control socket, another process, or nobody. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/session/hand_parts.h"

#define WAIT_MS 15000 /* for another command that has the file */

const char *session_control_path(struct session *s, char out[4096])
{
    const char *given = s->options.control ? s->options.control : s->config.control;
    char state[4096];
    if (given && strcmp(given, "none") == 0)
        return NULL;
    if (given) {
        snprintf(out, 4096, "%s", given);
        return out;
    }
    session_state_path(s, state);
    if (strcmp(state, ":memory:") == 0 || strlen(state) + sizeof ".control" > 4096)
        return NULL;
    snprintf(out, 4096, "%.4080s.control", state);
    return out;
}

bool hand_has_journal(struct session *s, const char *path)
{
    const char *control = s->options.control ? s->options.control : s->config.control;
    if (control && strcmp(control, "none") != 0)
        return true;
    if (strcmp(path, ":memory:") == 0)
        return false;
    return s->options.state || s->config.state || access(path, F_OK) == 0 || errno != ENOENT;
}

/* Who has the file now? */
static int look_for_holder(struct hand *h, const char *path, struct error *err)
{
    char real[PATH_MAX];
    h->held = h->brief = false;
    if (strcmp(path, ":memory:") == 0)
        return 0;
    int why = realpath(path, real) ? store_holder(real, &h->held, &h->brief, h->pid) : errno == ENOENT ? 0 : errno;
    return why ? error_set(err, ERR_IO, "the journal %s cannot be written: %s", path, strerror(why)) : 0;
}

static int open_file(struct session *s, struct hand *h, const char *path)
{
    int rc = store_open_brief(&s->loop, path, &s->log, &s->store, &s->error);
    if (rc) { /* another process was faster; it may have gone again by now */
        look_for_holder(h, path, NULL);
        h->brief = h->brief || rc == ERR_CONFLICT;
    }
    return rc;
}

int hand_find(struct session *s, struct hand *h, const char *path)
{
    char control[4096];
    const char *socket = session_control_path(s, control);
    struct error why;
    int rc = socket ? control_connect(&s->loop, socket, &h->client, &why)
                    : error_set(&why, ERR_NOT_FOUND, "its control socket is turned off");
    if (!rc)
        return 0;
    rc = look_for_holder(h, path, &s->error);
    if (rc)
        return rc;
    if (strcmp(path, ":memory:") == 0) {
        s->error = why;
        return why.code;
    }
    if (!h->held)
        return open_file(s, h, path);
    return error_set(&s->error, ERR_IO, "the journal %s is held by the process %s, and %s", path,
                     *h->pid ? h->pid : "of another", why.message);
}

int session_check_unheld(struct session *s)
{
    char path[4096];
    struct hand h = {0};
    session_state_path(s, path);
    int rc = look_for_holder(&h, path, &s->error);
    if (rc || !h.held || h.brief)
        return rc;
    return error_set(&s->error, ERR_REFUSED,
                     "the journal %s is held by the process %s, a daemon which may want approval for this, and it was "
                     "not asked. Ask it at its own socket (--control), or stop it first",
                     path, *h.pid ? h.pid : "of another");
}

/* A command says in the lock that it is one; a daemon keeps the file. Who has not said yet may be either. */
int hand_patience(const struct hand *h)
{
    return h->brief || (h->held && !*h->pid) ? WAIT_MS : 0;
}
