/* SPDX-License-Identifier: Apache-2.0 */
/* One mail over SMTP, by libcurl on another thread. */
#ifndef MPIJOBD_OUTSIDE_MAIL_H
#define MPIJOBD_OUTSIDE_MAIL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "outside/notice.h"
#include "outside/outside.h"

#define MAIL_TIMEOUT_S 60

struct mail {
    const struct outside_config *config;
    const struct notice *notice; /* of NOTICE_EMAIL; stays as it is until the thread is done */
    const char *id;              /* the same each time that it is tried */
    int64_t date;                /* seconds since 1970 */
    bool trusted;                /* the configuration names the server */
    atomic_bool stop;            /* has it ended soon */
};

/* Blocks. smtp:// speaks TLS where the server does, and with a password only by TLS; smtps:// from the start. 0;
 * ERR_REFUSED, ERR_INVALID: no use in trying again; others: it may go better later. Messages show no secret. */
int mail_send(struct mail *mail, struct error *err);

#endif
