/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd: the command line goes to its command. */
#include "base/descriptors.h"
#include "base/memory.h"
#include "cli/cli.h"

int main(int argc, char **argv)
{
    if (!descriptors_standard())
        return 1; /* there is nowhere to say so */
    memory_give_back();
    return cli_main(argc, argv);
}
