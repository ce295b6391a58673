# SPDX-License-Identifier: Apache-2.0
# fish completion for mpijobd: mpijobd completion fish >~/.config/fish/completions/mpijobd.fish
# Everything is asked of mpijobd itself: commands, options, and the names of jobs, namespaces, policies and runs.

function __mpijobd_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines ($program __complete $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case ':files'
            __fish_complete_path "$current"
        case ':folders'
            __fish_complete_directories "$current"
        case '*'
            set -e lines[1]
            test (count $lines) -gt 0; and printf '%s\n' $lines
    end
end
complete -c mpijobd -f -a '(__mpijobd_complete)'
