/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MPIJOBD_CLI_COMPLETE_COMPLETE_PARTS_H
#define MPIJOBD_CLI_COMPLETE_COMPLETE_PARTS_H

#include "cli/session/command.h"

/* What a word stands for. */
enum wanted {
    WANTED_NOTHING,
    WANTED_FILES,
    WANTED_FOLDERS,
    WANTED_KINDS,
    WANTED_JOBS,
    WANTED_NAMESPACES,
    WANTED_CONTEXTS,
    WANTED_CLUSTERS,
    WANTED_POLICIES,
    WANTED_RUNS,    /* of the journal */
    WANTED_WAITING, /* runs that wait for approval */
    WANTED_FIELDS,
    WANTED_WORDS, /* as they stand in the usage: "stop|resume" */
};

struct place {
    enum wanted wanted;
    const char *word; /* of the usage, with its length */
    size_t len;
};
#define PLACES_MAX 8

/* What the argument after these may be, by the command's usage line: at most PLACES_MAX, the number is returned. */
size_t usage_places(const struct command *command, char *const *before, int count, struct place *out);

/* Called with what a word may become; about: what it is, "" for nothing to say. */
typedef void (*name_found)(void *data, const char *value, const char *about);
/* Looks up what is not in the program: by the options that were given, as the command itself would, within two seconds
 * for each call to a server. typed: what stands there, so that "train/" is asked in its namespace. */
void complete_names(enum wanted wanted, const struct options *options, const char *typed, name_found found, void *data);

#endif
