/* The jobs that a command line names: by name in the namespace, by selector, or all. */
#ifndef MPIJOBD_CLI_JOBS_H
#define MPIJOBD_CLI_JOBS_H

#include "cli/session.h"

struct jobs {
    struct found_job {
        char *bytes;
        size_t len;
        struct mpijob_view view; /* into bytes */
    } * items;
    size_t count, cap;
    int missing; /* named, and not there (told on standard error) */
};

/* 0, or the exit code; what was found is in jobs either way. */
int jobs_find(struct session *s, struct jobs *jobs);
void jobs_free(struct jobs *jobs);

#endif
