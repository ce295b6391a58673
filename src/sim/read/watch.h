#ifndef SIM_READ_WATCH_H
#define SIM_READ_WATCH_H
#include "sim/server/core.h"

/* What a fault does to the watches that are open: "silent", "cut", "gone", "error" or "end". */
void watch_strike(struct sim *sim, const char *how, const char *path);
#endif
