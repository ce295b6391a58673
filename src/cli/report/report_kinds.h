/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds that a report is about, and the jobs in it that may have made others. What one of them has made is a part
 * of it: it is not counted again. */
#ifndef MPIJOBD_CLI_REPORT_REPORT_KINDS_H
#define MPIJOBD_CLI_REPORT_REPORT_KINDS_H

#include "cli/session/kind_list.h"
#include "mpijob/view.h"

/* "TrainJob,JobSet" (as kubectl names kinds), "all"; NULL: all, too. In the list owners come before their parts.
 * ERR_INVALID: an unknown kind; TrainJobs and Jobs without JobSets, which stand between the two. */
int report_kinds_parse(const char *text, struct kind_list *kinds, struct error *err);

struct report_owner;
struct report_owners { /* zeros: none */
    struct report_owner *index;
};
/* The job is in the report, by itself or as a part. 0 or ERR_NOMEM. */
int report_owners_add(struct report_owners *owners, const struct mpijob_view *job, struct error *err);
/* Has one of them made the job (its controller, by ownerReferences)? */
bool report_owners_have(const struct report_owners *owners, const struct mpijob_view *job);
void report_owners_free(struct report_owners *owners);

#endif
