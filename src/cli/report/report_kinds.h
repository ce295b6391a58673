/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds that a report is about. What an object of one of them has made is a part of it: it is not counted again. */
#ifndef MPIJOBD_CLI_REPORT_REPORT_KINDS_H
#define MPIJOBD_CLI_REPORT_REPORT_KINDS_H

#include "cli/session/kind_list.h"
#include "json/value.h"

/* "TrainJob,JobSet" (as kubectl names kinds), "all"; NULL: all, too. ERR_INVALID: an unknown kind; TrainJobs and Jobs
 * without JobSets, which stand between the two. */
int report_kinds_parse(const char *text, struct kind_list *kinds, struct error *err);
/* Has an object of one of these kinds made the object (its controller, by ownerReferences)? */
bool report_kinds_own(const struct kind_list *kinds, struct json object);

#endif
