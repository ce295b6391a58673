#include "mpijob/view.h"

static const char *const names[MPIJOB_PHASES] = {"Pending",   "Running",   "Restarting",
                                                 "Suspended", "Succeeded", "Failed"};

const char *mpijob_phase_name(enum mpijob_phase phase)
{
    return names[phase];
}

bool mpijob_phase_parse(struct str text, enum mpijob_phase *phase)
{
    for (int i = 0; i < MPIJOB_PHASES; i++) {
        if (str_is(text, names[i])) {
            *phase = (enum mpijob_phase)i;
            return true;
        }
    }
    return false;
}
