/* SPDX-License-Identifier: Apache-2.0 */
/* One line, so that nobody takes a file for what the daemons share. */
#include "cli/session/shared_note.h"

#include <stdio.h>

void session_tell_shared(struct session *s, const char *what, const char *ask)
{
    char path[4096];
    if (!s->config.lead.on || s->config.lead.own_state || s->options.state)
        return;
    fprintf(stderr,
            "mpijobd %s: the daemons share their state in the cluster (%s), and this reads the file of this "
            "host, %s: %s; %s\n",
            s->command, s->config.lead.key, session_state_path(s, path), what, ask);
}
