/* SPDX-License-Identifier: Apache-2.0 */
/* What `mpijobd check` looks for. The codes are for programs, and stay; docs/reference/check.md has a line for each. */
#include "cli/check/found.h"

const struct rule_info check_rules[RULES] = {
    [RULE_FILE] = {"file", true, "The file cannot be read, or Lua cannot run it."},
    [RULE_POLICY] = {"policy", true, "What policy { ... } says has a mistake."},
    [RULE_GLOBAL] = {"unknown-global", true, "Nothing makes this name."},
    [RULE_PLUGIN] = {"plugin", true, "A plugin has a mistake, or uses what its needs do not name."},
    [RULE_ASIDE] = {"not-in-force", false, "The policy stands aside: the version lacks what it replaces."},
    [RULE_SCHEDULE_NEVER] = {"schedule-never", true, "The schedule is never due."},
    [RULE_SCHEDULE_RARE] = {"schedule-rare", false, "The schedule is not due within a year."},
    [RULE_MATCH_NEVER] = {"match-never", true, "No job can meet these conditions together."},
    [RULE_MATCH_SCOPE] = {"match-scope", false, "The namespaces are not among those of the configuration."},
    [RULE_REPLACE_NOTHING] = {"replace-nothing", true, "The conditions ask already for all that would be replaced."},
    [RULE_LOOP] = {"policies-loop", true, "Two policies undo each other's changes, again and again."},
    [RULE_DISAGREE] = {"policies-disagree", false, "Two policies give the same field of a job different values."},
    [RULE_INERT] = {"replace-inert", false, "No controller of the version that is known acts on the change."},
    [RULE_REFUSED] = {"replace-refused", false, "Every run refuses what would be replaced."},
    [RULE_DEPRECATED] = {"deprecated", false, "The function goes away in a coming release."},
    [RULE_RIGHTS] = {"role-lacks", true, "The policy needs what the given role does not allow."},
};
