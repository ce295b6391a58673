/* SPDX-License-Identifier: Apache-2.0 */
/* Lua that is part of the program: the bytes of the files in lua/mpijobd/, which CMake links in (mpijobd_embed). */
#ifndef MPIJOBD_SCRIPT_EMBEDDED_H
#define MPIJOBD_SCRIPT_EMBEDDED_H

#include <stddef.h>

extern const char embedded_kueue[]; /* match.kueue */
extern const size_t embedded_kueue_len;
extern const char embedded_mpijob[]; /* mpijob.replace with a function */
extern const size_t embedded_mpijob_len;
extern const char embedded_plugin[]; /* plugin { ... } */
extern const size_t embedded_plugin_len;
extern const char embedded_plugin_adds[]; /* conditions, sinks, columns of it */
extern const size_t embedded_plugin_adds_len;
extern const char embedded_plugin_columns[]; /* asks its columns */
extern const size_t embedded_plugin_columns_len;
extern const char embedded_plugin_kind[]; /* one of these as a module */
extern const size_t embedded_plugin_kind_len;
extern const char embedded_plugin_kinds[]; /* kinds = { ... } of it */
extern const size_t embedded_plugin_kinds_len;
extern const char embedded_plugin_options[];
extern const size_t embedded_plugin_options_len;
extern const char embedded_plugin_sinks[];
extern const size_t embedded_plugin_sinks_len;
extern const char embedded_sweep[]; /* what a policy without `run` does */
extern const size_t embedded_sweep_len;

#endif
