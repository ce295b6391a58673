# SPDX-License-Identifier: Apache-2.0
# bash completion for mpijobd: source <(mpijobd completion bash)
# Everything is asked of mpijobd itself: commands, options, and the names of jobs, namespaces, policies and runs.

_mpijobd() {
    local words=() word glue='' lines=() line value breaks='' front
    COMPREPLY=()
    # Bash takes words apart at = and :, which belong to them here.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ ${#words[@]} -gt 0 && ($glue || $word =~ ^[=:]+$) ]]; then
            words[-1]+=$word
            glue=''
            [[ $word =~ ^[=:]+$ ]] && glue=1
        else
            words+=("$word")
        fi
    done
    word=${words[-1]}
    mapfile -t lines < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
    [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
    [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
    front=''
    [[ $breaks && $word == *["$breaks"]* ]] && front=${word%"${word##*["$breaks"]}"}
    case ${lines[0]} in
    :files | :folders)
        local what=-f
        [[ ${lines[0]} == :folders ]] && what=-d
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen "$what" -- "${word#"$front"}")
        return
        ;;
    esac
    for line in "${lines[@]:1}"; do
        value=${line%%$'\t'*}
        [[ $value == "$word"* ]] || continue
        printf -v value %q "${value#"$front"}"
        COMPREPLY+=("$value")
    done
    # What goes on gets no space behind it.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=./:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _mpijobd mpijobd
