# Completion of lmsyncctl for fish: each word is completed by lmsyncctl itself, which asks the daemon
# for clients, keys and runs.
function __lmsyncctl_complete
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l replies (lmsyncctl complete fish -- $before "$current" 2>/dev/null)
    switch "$replies[1]"
        case :files
            __fish_complete_path (commandline --current-token)
        case :folders
            __fish_complete_directories (commandline --current-token)
        case '*'
            printf '%s\n' $replies
    end
end

complete --command lmsyncctl --no-files --keep-order --arguments '(__lmsyncctl_complete)'
