/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd completion: prints the script that a shell reads. */
#include "cli/complete/cmd_completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/complete/shell_scripts.h"
#include "cli/terminal/terminal.h"

static int run(int argc, char **argv, const struct command *command)
{
    const struct {
        const char *shell, *text;
        size_t len;
    } scripts[] = {{"bash", embedded_completion_bash, embedded_completion_bash_len},
                   {"zsh", embedded_completion_zsh, embedded_completion_zsh_len},
                   {"fish", embedded_completion_fish, embedded_completion_fish_len}};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    for (size_t i = 0; o.argument_count == 1 && i < sizeof scripts / sizeof *scripts; i++) {
        if (strcmp(o.arguments[0], scripts[i].shell) == 0) {
            terminal_exact();
            fwrite(scripts[i].text, 1, scripts[i].len, stdout);
            return EXIT_DONE;
        }
    }
    return command_usage(command, "it takes one shell: bash, zsh or fish");
}

const struct command cmd_completion = {
    "completion",
    "bash|zsh|fish",
    "Print the script that completes commands, options and names in a shell",
    0,
    run,
    "  source <(mpijobd completion bash)                      in this shell; in ~/.bashrc: in each\n"
    "  mpijobd completion zsh >\"${fpath[1]}/_mpijobd\"\n"
    "  mpijobd completion fish >~/.config/fish/completions/mpijobd.fish\n",
};
