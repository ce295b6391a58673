/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: what the rules of inspect.h share. Instants are microseconds since 1970. */
#ifndef MPIJOBD_MPIJOB_INSPECT_INSPECT_RULE_H
#define MPIJOBD_MPIJOB_INSPECT_INSPECT_RULE_H

#include "base/clock.h"
#include "mpijob/dialect.h"
#include "mpijob/inspect/inspect.h"

/* The server's clock and ours differ, and a controller takes its time. */
#define INSPECT_GRACE (60 * CLOCK_SECOND)

struct inspecting {
    const struct mpijob_view *view;
    const struct mpijob_pods *pods; /* NULL: they were not listed */
    int64_t now;
    const struct mpijob_reader *reader; /* what it makes of its jobs decides what is a finding */
    mpijob_found found;
    void *data;
    int64_t due[PROBLEM_COUNT]; /* the instant after now at which time alone makes it one; INT64_MAX: never */
    int failed;                 /* ERR_NOMEM */
};

/* The rules, a file each. */
void inspect_values(struct inspecting *in);
void inspect_templates(struct inspecting *in); /* a part of the values */
void inspect_places(struct inspecting *in);
void inspect_life(struct inspecting *in);
void inspect_described(struct inspecting *in); /* all of a kind whose own row tells its fields */

/* value: what stands there, absent for nothing. */
void finding_begin(struct mpijob_finding *f, enum mpijob_problem problem, enum mpijob_severity severity,
                   const char *pointer, struct json value);
void finding_means(struct mpijob_finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_cure(struct mpijob_finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* raw: the new value, empty to remove the place. False where it is too long to be kept (then there is no cure). */
bool finding_edit(struct mpijob_finding *f, const char *pointer, struct str raw);
/* What comes of a value that stands where another belongs: "a string", "a whole number". False: that is not known. */
bool finding_wrong_type(const struct inspecting *in, struct mpijob_finding *f, const char *is, const char *wanted);
/* The edits that put a value in force, wherever this version reads the field. */
bool finding_edit_field(const struct inspecting *in, struct mpijob_finding *f, enum mpijob_field_id field,
                        struct str raw);
/* Judges the edits, so that none that may end the job counts as safe, and hands the finding over. */
void finding_report(struct inspecting *in, struct mpijob_finding *f);

/* ---- questions that several rules ask ---- */

bool inspect_finished(const struct inspecting *in);
/* Is the job left to another manager than the controller here? */
bool inspect_managed_elsewhere(const struct inspecting *in);
/* One of None, Running, All. */
bool inspect_good_policy(struct json value);
/* The controller does not read the field wherever it stands. */
bool inspect_never_read(const struct inspecting *in, enum mpijob_field_id field);

#endif
