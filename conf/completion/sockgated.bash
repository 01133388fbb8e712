# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Completion of sockgated for bash. It names files only where an option takes one, and instances by
# their files in /etc/sockgate.

_sockgated_instances() {
        local file
        for file in /etc/sockgate/*.conf /etc/sockgate/*.conf.d; do
                [[ -e $file ]] || continue
                file=${file##*/}
                printf '%s\n' "${file%%.*}"
        done | sort -u
}

_sockgated() {
        local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
        COMPREPLY=()

        # bash cuts --config=FILE at the sign, unless COMP_WORDBREAKS lacks it.
        if [[ $word == = ]]; then
                word=
        elif [[ $option == = ]]; then
                option=${COMP_WORDS[COMP_CWORD - 2]}
        fi

        case $option in
        --instance)
                mapfile -t COMPREPLY < <(compgen -W "default $(_sockgated_instances)" -- "$word")
                ;;
        --config | --upstream | --journal)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
                ;;
        *)
                compopt -o nospace 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -W '--instance= --config= --upstream= --journal= --version --help' -- "$word")
                ;;
        esac
}

complete -F _sockgated sockgated
