/* SPDX-License-Identifier: Apache-2.0 */
/* What a run by hand is called in the journal. */
#include <string.h>

#include "store/journal.h"

const char *store_hand_trigger(const char *name, bool overridden)
{
    static const char *const names[][2] = {{"undo", "undo-override"},
                                           {"apply", "apply-override"},
                                           {"stop", "stop-override"},
                                           {"resume", "resume-override"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i][0], name) == 0)
            return names[i][overridden];
    }
    return names[0][overridden];
}
