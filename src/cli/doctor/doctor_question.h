/* SPDX-License-Identifier: Apache-2.0 */
/* What a check asks the server: several requests at once, whose answers are waited for together. */
#ifndef MPIJOBD_CLI_DOCTOR_DOCTOR_QUESTION_H
#define MPIJOBD_CLI_DOCTOR_DOCTOR_QUESTION_H

#include "cli/doctor/doctor.h"

struct question {
    struct doctor *d;
    size_t *waiting;        /* how many answers are still to come; shared by those that are waited for together */
    const char *name_space; /* of a permission; NULL: all */
    const struct mpijob_kind *kind;  /* of a permission */
    unsigned verb;                   /* of a permission: MAY_...; with `other`: see needs_verb */
    const struct needs_other *other; /* of a permission that a plugin names; NULL: one of the kind's */
    int status;                      /* 0: no answer */
    bool allowed;
    char user[256];
    struct error error; /* code 0: answered */
};

/* Sends the question; its answer is there after question_wait. */
void question_ask(struct question *q, const char *method, const char *path, struct str body);
/* Asks whether it may: NULL as name: any object. In q->name_space. */
void question_review(struct question *q, const char *verb, const char *group, const char *resource, const char *name);
/* Runs the loop until *waiting is 0. */
void question_wait(struct doctor *d, const size_t *waiting);

#endif
