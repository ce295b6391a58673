/* Lua of ours that is part of the program (lua/mpijobd/): its text, by mpijobd_embed. */
#ifndef MPIJOBD_RUN_EMBEDDED_H
#define MPIJOBD_RUN_EMBEDDED_H

#include <stddef.h>

extern const char embedded_sweep[];
extern const size_t embedded_sweep_len;

#endif
