/* SPDX-License-Identifier: Apache-2.0 */
/* One check, as the files of this folder share it. */
#ifndef MPIJOBD_CLI_CHECK_CHECKING_H
#define MPIJOBD_CLI_CHECK_CHECKING_H

#include "cli/check/found.h"
#include "cli/check/roles.h"
#include "cli/session/session.h"
#include "pause/paused.h"

struct checking {
    struct session s;
    struct found found;
    struct roles *roles;  /* NULL: none are given */
    int64_t now, count;   /* count: of the coming times */
    bool check;           /* else the times alone are wanted */
    struct paused paused; /* with check false: those that are paused by the state */
};

/* The policies on standard output, with their coming times, as -o asks for; findings too where it is for programs. set
 * NULL: the policies could not be loaded. */
void check_print(const struct checking *c, const struct policy_set *set);

#endif
