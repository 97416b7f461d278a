# bash completion for check_listenq                        -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Works with and without the bash-completion package.
# tests/system/test_completions.py holds the options against check_listenq --help.

_check_listenq()
{
	local cur=$2 prev=$3 word IFS=$' \t\n'
	local names='-H -p -N -A -x -w -c -d -t -v -h -V --hostname= --port= --net= --all-netns
		--unix --warning= --critical= --metric= --allow-empty --delay= --baseline= --timeout= --verbose
		--help --version'

	COMPREPLY=()
	# bash breaks words at "=".
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--metric)
		names='fill queue drops overflows losses synrecv oldest-wait'
		;;
	-N | --net)
		names=
		for word in /run/netns/*; do
			[[ ! -e $word ]] || names+=" ${word##*/}"
		done
		;;
	--baseline)
		while IFS= read -r word; do
			COMPREPLY+=("$word")
		done < <(compgen -f -- "$cur")
		compopt -o filenames -o default 2>/dev/null
		return
		;;
	-[Hpwcdt] | --hostname | --port | --warning | --critical | --delay | --timeout)
		return
		;;
	*)
		[[ -z $cur || $cur == -* ]] || return
		;;
	esac
	for word in $names; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
	done
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == --*= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

complete -F _check_listenq check_listenq
