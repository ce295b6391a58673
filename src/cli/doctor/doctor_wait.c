/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog. Requests have time limits of their own. A file on a dead filesystem or a name server that does not
 * answer has none, and a thread that hangs there cannot be stopped. So a second thread prints what is known so far, and
 * ends the program. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/session/command.h"

/* A check may make several requests one after the other. */
static uint64_t limit_ms(const struct doctor *d)
{
    return 4 * d->timeout_ms + 1000;
}

static void give_up(struct doctor *d)
{
    const char *stuck = d->check;
    const struct doctor_check *c = doctor_checks;
    doctor_say(d, DOCTOR_FAILED, "look at what it reads or asks: a filesystem or a server that does not answer",
               "not finished after %" PRIu64 " s; given up", limit_ms(d) / 1000);
    while (c->name && strcmp(c->name, stuck) != 0)
        c++;
    for (c = c->name ? c + 1 : c; c->name; c++) {
        d->check = c->name;
        doctor_say(d, DOCTOR_SKIPPED, NULL, "because of %s", stuck);
    }
    doctor_print(d);
    _exit(EXIT_FAILED);
}

static void watch(void *data)
{
    struct doctor *d = data;
    uv_mutex_lock(&d->mutex);
    while (!d->over) {
        uint64_t now = uv_hrtime();
        if (!d->until) {
            uv_cond_wait(&d->changed, &d->mutex);
        } else if (now < d->until) {
            uv_cond_timedwait(&d->changed, &d->mutex, d->until - now);
        } else {
            give_up(d); /* with the mutex held: a check that returns now adds nothing */
        }
    }
    uv_mutex_unlock(&d->mutex);
}

int doctor_watch_start(struct doctor *d)
{
    if (uv_mutex_init_recursive(&d->mutex))
        return ERR_NOMEM;
    if (uv_cond_init(&d->changed)) {
        uv_mutex_destroy(&d->mutex);
        return ERR_NOMEM;
    }
    if (uv_thread_create(&d->watchdog, watch, d) == 0)
        return 0;
    uv_cond_destroy(&d->changed);
    uv_mutex_destroy(&d->mutex);
    return ERR_NOMEM;
}

void doctor_watch(struct doctor *d, const char *check)
{
    uv_mutex_lock(&d->mutex);
    d->check = check;
    d->until = uv_hrtime() + limit_ms(d) * 1000000;
    uv_cond_signal(&d->changed);
    uv_mutex_unlock(&d->mutex);
}

void doctor_watch_stop(struct doctor *d)
{
    uv_mutex_lock(&d->mutex);
    d->over = true;
    uv_cond_signal(&d->changed);
    uv_mutex_unlock(&d->mutex);
    uv_thread_join(&d->watchdog);
    uv_cond_destroy(&d->changed);
    uv_mutex_destroy(&d->mutex);
}
