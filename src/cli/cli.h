/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of the whole program. */
#ifndef MPIJOBD_CLI_CLI_H
#define MPIJOBD_CLI_CLI_H

/* Returns the exit code. */
int cli_main(int argc, char **argv);

#endif
