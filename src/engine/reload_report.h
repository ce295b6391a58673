/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload has changed, told in the log. */
#ifndef MPIJOBD_ENGINE_RELOAD_REPORT_H
#define MPIJOBD_ENGINE_RELOAD_REPORT_H

struct log;
struct policy_set;

/* Which policies of `is` are new or have another text (policy/policy_text.h), and which of `was` are gone. */
void reload_report(const struct log *log, const struct policy_set *was, const struct policy_set *is);

#endif
