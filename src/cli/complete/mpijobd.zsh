#compdef mpijobd
# SPDX-License-Identifier: Apache-2.0
# zsh completion for mpijobd: mpijobd completion zsh >"${fpath[1]}/_mpijobd"
# Everything is asked of mpijobd itself: commands, options, and the names of jobs, namespaces, policies and runs.

_mpijobd() {
    local -a lines values open
    local line value about
    lines=("${(@f)$(_call_program mpijobd ${(q)words[1]} __complete "${(@q)words[2,CURRENT]}")}")
    case $lines[1] in
    :files) _files; return ;;
    :folders) _files -/; return ;;
    esac
    for line in "${(@)lines[2,-1]}"; do
        value=${line%%$'\t'*}
        about=${line#*$'\t'}
        [[ -n $value ]] || continue
        if [[ $value == *[=./:] ]]; then
            open+=("${value//:/\\:}${about:+:$about}")
        else
            values+=("${value//:/\\:}${about:+:$about}")
        fi
    done
    _describe -t values 'mpijobd' values -- open -S ''
}

if [[ ${funcstack[1]} == _mpijobd ]]; then
    _mpijobd "$@"
else
    compdef _mpijobd mpijobd
fi
