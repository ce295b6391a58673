/* SPDX-License-Identifier: Apache-2.0 */
/* Who may approve (configuration `approvers`): whether a person is one, and whether that person may approve this run. A
 * person is known in one of several ways; each has its rule in approvers_list. */
#ifndef MPIJOBD_APPROVAL_APPROVERS_H
#define MPIJOBD_APPROVAL_APPROVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"

#define APPROVERS_QUORUM_MAX 8
#define APPROVER_NAME 64

/* What the configuration says. */
struct approvers_named {
    char *const *users, *const *groups; /* names, or numbers; NULL-terminated. NULL: none */
    unsigned quorum;                    /* 1 to APPROVERS_QUORUM_MAX; 0: not said */
    bool not_the_trigger;
};

struct approvers;
/* Asks the system for the numbers of the names, and so blocks. A name that it does not know is logged, and lets nobody
 * in. *approvers is NULL where no one is named: whoever may use the control socket may approve. 0 or ERR_NOMEM. */
int approvers_open(const struct approvers_named *named, const struct log *log, struct approvers **approvers,
                   struct error *err);
void approvers_close(struct approvers *approvers); /* NULL is allowed, here and below */

/* How it is known who a person is. */
enum approver_known {
    APPROVER_BY_PEER,  /* the kernel says whose process it is, and in which groups */
    APPROVER_BY_TOKEN, /* it has the token to act over HTTP; is named as APPROVER_TOKEN, among the users */
};
#define APPROVER_TOKEN "token:write"

/* A person who decides. */
struct approver {
    enum approver_known known;
    int64_t uid; /* by token: another one than any user's, and than that of a run that no person has triggered */
    char name[APPROVER_NAME];
    bool listed; /* as approvers_list says */
};
/* Is it one of those who are named? groups: all of the process. */
bool approvers_list(const struct approvers *approvers, enum approver_known known, uid_t uid, const gid_t *groups,
                    size_t count);

/* An approval that was given. */
struct approver_given {
    char by[APPROVER_NAME];
    int64_t uid, at; /* at: microseconds since 1970 */
};
/* The run in question. */
struct approvers_case {
    int64_t run;
    int64_t asked_uid; /* who triggered it; -1: no person did */
    const struct approver_given *given;
    size_t given_count;
    unsigned quorum; /* different persons that it takes */
};
/* Of the policy's (0: it says none) and the configuration's the greater one: a policy can ask for more persons, not
 * for fewer. */
unsigned approvers_quorum(const struct approvers *approvers, unsigned policy);
/* May this person approve it now? 0, or ERR_REFUSED, which tells who may and what is missing. */
int approvers_check(const struct approvers *approvers, const struct approver *who, const struct approvers_case *of,
                    struct error *err);

#endif
