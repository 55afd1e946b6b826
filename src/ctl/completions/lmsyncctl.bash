# Completion of lmsyncctl for bash: each word is completed by lmsyncctl itself, which asks the
# daemon for clients, keys and runs.
_lmsyncctl() {
    local reply
    COMPREPLY=()
    while IFS= read -r reply; do
        case $reply in
            :files) compopt -o default ;;
            :folders) compopt -o dirnames ;;
            *) COMPREPLY+=("$reply") ;;
        esac
    done < <(lmsyncctl complete bash -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
} 2>/dev/null

complete -o nosort -F _lmsyncctl lmsyncctl 2>/dev/null || complete -F _lmsyncctl lmsyncctl
