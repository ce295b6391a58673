/* lua/mpijobd/mpijob.lua as a part of the program. */
#ifndef MPIJOBD_BINDING_EMBEDDED_H
#define MPIJOBD_BINDING_EMBEDDED_H

#include <stddef.h>

extern const char embedded_mpijob[];
extern const size_t embedded_mpijob_len;

#endif
