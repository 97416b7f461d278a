# fish completion for listenq
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The descriptions are those of listenq --help; tests/system/test_documents.py
# holds them, and the options, against it.

# The columns, told by the program itself.
function __listenq_columns
    for program in (commandline -opc)[1] listenq
        type -q $program
        and command $program --list-columns --raw 2>/dev/null
        and return
    end
end

# LIST or +LIST: what is before the last comma stays, what it names is not
# offered again.
function __listenq_list
    set -l value (commandline -ct | string replace -r '^(--output=|-[46xgApeDOrltnTjJHhV]*o)' '')
    set -l before (string match -r '^\+?(?:.*,)?' -- $value)
    set -l named (string split , -- (string replace -r '^\+' '' -- $before))
    for column in (__listenq_columns)
        contains -- $column $named
        or echo $before$column
    end
end

# COLUMN or -COLUMN.
function __listenq_sort
    set -l value (commandline -ct | string replace -r '^(--sort=|-[46xgApeDOrltnTjJHhV]*s)' '')
    set -l before (string match -r '^-?' -- $value)
    for column in (__listenq_columns)
        echo $before$column
    end
end

complete -c listenq -f
complete -c listenq -s 4 -l ipv4 -d 'IPv4 listeners only'
complete -c listenq -s 6 -l ipv6 -d 'IPv6 listeners only'
complete -c listenq -s x -l unix -d 'listening UNIX stream and seqpacket sockets too'
complete -c listenq -s g -l group -d 'one line for all listeners of a SO_REUSEPORT group'
complete -c listenq -s N -l net -x -a '(command ls /run/netns 2>/dev/null)' -d 'that network namespace: name in /run/netns, PID or path; may repeat'
complete -c listenq -s A -l all-netns -d 'every network namespace that can be found'
complete -c listenq -s f -l full -d 'only listeners whose fill or peak is at or above PCT percent (80)'
complete -c listenq -s p -l processes -d 'which processes hold each listener: columns pid and fd too'
complete -c listenq -s e -l extended -d 'more columns: uid, inode, cookie, cgroup, interface, v6only, mptcp'
complete -c listenq -s D -l detail -d 'what is in the queues: each waiting and each half-open connection'
complete -c listenq -s o -l output -x -a '(__listenq_list)' -d 'these columns, separated by commas; +LIST adds to the default'
complete -c listenq -s O -l output-all -d 'all columns'
complete -c listenq -s s -l sort -x -a '(__listenq_sort)' -d 'order by a column, - for largest first; default: worst first'
complete -c listenq -s r -l resolve -d 'service names for ports'
complete -c listenq -s l -l listening -d 'the default, accepted because users of ss type it'
complete -c listenq -s t -l tcp -d 'the default, accepted because users of ss type it'
complete -c listenq -s n -l numeric -d 'the default, accepted because users of ss type it'
complete -c listenq -s d -l delay -x -d 'length of the window, fractions allowed (1); 0: one sample, no deltas'
complete -c listenq -l baseline -r -F -d 'deltas against the sample that the last run saved in FILE; no waiting'
complete -c listenq -l watch -d 'repeat until interrupted'
complete -c listenq -l count -x -d 'repeat N times'
complete -c listenq -s T -l top -d 'interactive view'
complete -c listenq -l record -r -F -d 'with --watch or --top: add each sample to FILE, as it is'
complete -c listenq -l record-when -x -d 'record only samples in which a listener matches, and one a minute'
complete -c listenq -l record-size -x -d 'at so many (K, M, G) FILE becomes FILE.1, and a new one begins'
complete -c listenq -l peak-rate -x -d 'fast samples a second for peaks (50), 0: none'
complete -c listenq -l replay -r -F -d 'show the windows of a recording instead, -: from standard input'
complete -c listenq -l begin -x -d 'with --replay: only from 03:00 on, \'2026-11-28 03:00\', RFC 3339 or -2h'
complete -c listenq -l end -x -d 'with --replay: only up to then'
complete -c listenq -s j -l json -d 'JSON; with --watch or --count one object a line'
complete -c listenq -l prometheus -d 'text format of Prometheus; without -d and --watch one sample, no window'
complete -c listenq -l incident -d 'with --replay: what happened, as a report in Markdown for a ticket'
complete -c listenq -s J -d 'JSON; with --watch or --count one object a line'
complete -c listenq -s H -l no-header -d 'no header, no footer'
complete -c listenq -l noheadings -d 'no header, no footer'
complete -c listenq -l output-file -r -F -d 'write to FILE, replaced as a whole with each report'
complete -c listenq -l color -a 'auto always never' -d 'auto, always or never; auto heeds NO_COLOR'
complete -c listenq -l ascii -d 'nothing but ASCII characters'
complete -c listenq -l mouse -d 'with --top: the mouse selects, sorts and scrolls'
complete -c listenq -l width -x -d 'columns to fit the table into, 0: no limit'
complete -c listenq -l strict -d 'exit 1 when data is incomplete'
complete -c listenq -l fail-if -x -d 'exit 4 when a listener that is shown matches, --watch at once'
complete -c listenq -l check -d 'one report as a monitoring plugin, check_listenq(8)'
complete -c listenq -s w -l warning -x -d 'WARNING if the metric is outside of it: 10, 10:, ~:10, 10:20, @10:20'
complete -c listenq -s c -l critical -x -d 'CRITICAL if it is outside of this one'
complete -c listenq -l metric -x -a 'fill queue drops overflows losses synrecv oldest-wait' -d 'fill (percent), queue, drops, overflows, losses, synrecv or oldest-wait'
complete -c listenq -l allow-empty -d 'no listener is OK'
complete -c listenq -l timeout -x -d 'UNKNOWN if it takes longer (10)'
complete -c listenq -l list-columns -d 'the columns, with help'
complete -c listenq -l raw -d 'with --list-columns: names alone'
complete -c listenq -l json-schema -d 'the JSON Schema of --json'
complete -c listenq -s h -l help -d 'this help'
complete -c listenq -s V -l version -d 'version'
