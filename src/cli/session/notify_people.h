/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon itself tells people, by the sinks of the configuration (`notify`). */
#ifndef MPIJOBD_CLI_SESSION_NOTIFY_PEOPLE_H
#define MPIJOBD_CLI_SESSION_NOTIFY_PEOPLE_H

#include "cli/session/session.h"

struct people_news {
    char *const *sinks; /* by their names, NULL-terminated; NULL: all */
    const char *policy;
    const char *subject; /* of a mail whose sink has none of its own */
    const char *text;
    const char *cluster; /* for the log: where the run is that it is about; NULL: it is about none */
    int64_t run;         /* 0: about none */
};
/* A notification for each sink, on which nothing waits. What cannot be told is logged. */
void people_tell(struct session *s, const struct people_news *news);

#endif
