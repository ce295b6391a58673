/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd: the command line goes to its command. */
#include "base/memory.h"
#include "cli/cli.h"

int main(int argc, char **argv)
{
    memory_give_back();
    return cli_main(argc, argv);
}
