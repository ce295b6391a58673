/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts, made of mpijobd.bash, mpijobd.zsh and mpijobd.fish when it is built. */
#ifndef MPIJOBD_CLI_COMPLETE_SHELL_SCRIPTS_H
#define MPIJOBD_CLI_COMPLETE_SHELL_SCRIPTS_H

#include <stddef.h>

extern const char embedded_completion_bash[], embedded_completion_zsh[], embedded_completion_fish[];
extern const size_t embedded_completion_bash_len, embedded_completion_zsh_len, embedded_completion_fish_len;

#endif
