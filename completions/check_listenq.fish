# fish completion for check_listenq
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The descriptions are those of check_listenq --help; tests/system/test_completions.py
# holds them, and the options, against it.

complete -c check_listenq -f
complete -c check_listenq -s H -l hostname -x -d 'listeners that serve this local address'
complete -c check_listenq -s p -l port -x -d 'listeners on this port'
complete -c check_listenq -s N -l net -x -a '(command ls /run/netns 2>/dev/null)' -d 'that network namespace: name in /run/netns, PID or path; may repeat'
complete -c check_listenq -s A -l all-netns -d 'every network namespace that can be found'
complete -c check_listenq -s x -l unix -d 'listening UNIX stream and seqpacket sockets too'
complete -c check_listenq -s w -l warning -x -d 'WARNING if the metric is outside of it: 10, 10:, ~:10, 10:20, @10:20'
complete -c check_listenq -s c -l critical -x -d 'CRITICAL if it is outside of this one'
complete -c check_listenq -l metric -x -a 'fill queue drops overflows losses synrecv oldest-wait' -d 'fill (percent), queue, drops, overflows, losses, synrecv or oldest-wait'
complete -c check_listenq -l allow-empty -d 'no listener is OK'
complete -c check_listenq -s d -l delay -x -d 'length of the window, fractions allowed (1); 0: one sample, no deltas'
complete -c check_listenq -l baseline -r -F -d 'deltas against the sample that the last run saved in FILE; no waiting'
complete -c check_listenq -s t -l timeout -x -d 'UNKNOWN if it takes longer (10)'
complete -c check_listenq -s v -l verbose -d 'what the states and reasons mean'
complete -c check_listenq -s h -l help -d 'this help, exit status 3'
complete -c check_listenq -s V -l version -d 'version, exit status 3'
