/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload has changed, told in the log and to who waits for it. */
#ifndef MPIJOBD_REHEARSAL_RELOAD_REPORT_H
#define MPIJOBD_REHEARSAL_RELOAD_REPORT_H

#include <stddef.h>

struct log;
struct policy_set;
struct rehearsal;

struct reload_changes { /* names with commas between; NULL: none. Of more than 50 only the number is told */
    char *added, *changed, *gone;
    size_t unchanged;
    const struct rehearsal *rehearsal; /* how many jobs the new and changed ones match; NULL: none was made */
};

/* Which policies of `is` are new or have another text (policy/policy_text.h), and which of `was` are gone. */
void reload_compare(const struct policy_set *was, const struct policy_set *is, struct reload_changes *changes);
void reload_report(const struct log *log, const struct reload_changes *changes);
void reload_changes_free(struct reload_changes *changes);

#endif
