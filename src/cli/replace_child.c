/* SPDX-License-Identifier: Apache-2.0 */
/* Where a replacement cannot go through a child of the job. */
#include "cli/commands.h"
#include "mpijob/kind.h"

int replace_child_usage(const struct command *command, const struct options *o)
{
    const struct mpijob_kind *kind = mpijob_kind_info(o->job_kind);
    const char *through = o->through_child ? "--through-child" : o->through_launcher ? "--through-launcher" : NULL;
    if (o->file && through)
        return command_usage(command, "%s goes with fields, not with a whole object (-f)", through);
    if (through && (o->through_child ? kind->child == CHILD_NONE : kind->child != CHILD_LAUNCHER))
        return command_usage(command, "%s is not for a %s, which has no %s", through, kind->name,
                             o->through_child ? "child that a change could go through" : "launcher");
    return EXIT_DONE;
}
