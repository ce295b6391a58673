/* Which kind of job a command line is about, in kubectl's ways of saying it. */
#ifndef MPIJOBD_CLI_SESSION_KIND_ARGUMENT_H
#define MPIJOBD_CLI_SESSION_KIND_ARGUMENT_H

#include "cli/session/options.h"

/* Sets options->job_kind from --kind, from a first argument that is a kind's plural ("pytorchjobs"), which is taken out
 * of the arguments, or from "KIND/NAME", of which NAME is left. names: how many of the arguments are names, as far as
 * they go. ERR_INVALID: an unknown kind, or two of them. */
int kinds_take(struct options *options, int names, struct error *err);

#endif
