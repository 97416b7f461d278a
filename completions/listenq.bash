# bash completion for listenq                              -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Works with and without the bash-completion package.
# tests/system/test_documents.py holds the options against listenq --help.

# Lists of words are meant to split.
# shellcheck disable=SC2046,SC2086

# Adds to COMPREPLY those of the words from $3 on that begin with $2, each with
# $1 before it.
_listenq_add()
{
	local before=$1 begin=$2 word
	shift 2
	for word; do
		if [[ $word == "$begin"* ]]; then
			COMPREPLY+=("$before$word")
		fi
	done
}

# The columns, told by the program itself.
_listenq_columns()
{
	local program=$1

	# As it was typed: perhaps quoted, but only quotes and backslashes are undone.
	[[ $program == *['$`;&|<>()']* ]] || eval "program=$program"
	"$program" --list-columns --raw 2>/dev/null ||
		command listenq --list-columns --raw 2>/dev/null
}

# Adds the files that begin with $1, each with $2 before it.
_listenq_files()
{
	local word

	while IFS= read -r word; do
		COMPREPLY+=("$2$word")
	done < <(compgen -f -- "$1")
	# Quoted names are left to readline.
	compopt -o filenames -o default 2>/dev/null
}

# The values that begin with $3 of the option $2, each with $4 before it.
_listenq_values()
{
	local program=$1 option=$2 value=$3 before=$4 IFS=$' \t\n' word file
	local columns=()

	case $option in
	-o | --output)
		if [[ $value == +* ]]; then
			before+=+ value=${value#+}
		fi
		# Of a list the last name is completed; what is named already is not
		# offered again.
		for word in $(_listenq_columns "$program"); do
			[[ $value == *,* && ,${value%,*}, == *,"$word",* ]] || columns+=("$word")
		done
		if [[ $value == *,* ]]; then
			before+=${value%,*}, value=${value##*,}
		fi
		_listenq_add "$before" "$value" "${columns[@]}"
		compopt -o nospace 2>/dev/null # a comma may follow
		;;
	-s | --sort)
		if [[ $value == -* ]]; then
			before+=- value=${value#-}
		fi
		_listenq_add "$before" "$value" $(_listenq_columns "$program")
		;;
	--color)
		_listenq_add "$before" "$value" auto always never
		;;
	-N | --net)
		# Quoted, as what was typed is; readline does so for files alone.
		for file in /run/netns/*; do
			[[ -e $file ]] || continue
			printf -v word %q "${file##*/}"
			_listenq_add "$before" "$value" "$word"
		done
		[[ $value != */* ]] || _listenq_files "$value" "$before"
		;;
	--metric)
		_listenq_add "$before" "$value" fill queue drops overflows losses synrecv oldest-wait
		;;
	--output-file | --baseline | --record | --replay)
		_listenq_files "$value" "$before"
		;;
	# Nobody can guess the numbers of -d, -w, -c, --count, --full, --peak-rate,
	# --record-size, --timeout, --width, nor the times of --begin, --end.
	esac
}

_listenq_options()
{
	local names='-4 -6 -x -g -N -A -f -p -e -D -o -O -s -r -l -t -n -d -T -j -J -H -h -V
		--ipv4 --ipv6 --unix --group --net= --all-netns --full --full= --processes --extended
		--detail --output= --output-all --sort= --resolve --listening --tcp --numeric --delay=
		--baseline= --watch --count= --top --record= --record-when= --record-size= --peak-rate=
		--replay= --begin= --end= --json --prometheus --incident --no-header --noheadings
		--output-file= --color --color= --ascii --mouse --width= --strict
		--fail-if= --check -w -c --warning= --critical= --metric= --allow-empty --timeout=
		--list-columns --raw --json-schema --help --version'
	local IFS=$' \t\n'

	_listenq_add '' "$1" $names
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

_listenq()
{
	local program=${1:-listenq} cur=${2-${COMP_WORDS[COMP_CWORD]}}
	local prev=${COMP_WORDS[COMP_CWORD - 1]} word line outside i
	# Short options without an argument, which may stand before one with.
	local plain='-[46xgApeDOrltnTjJHhV]*'

	COMPREPLY=()

	# bash breaks words at "=" and ":" and completes the last piece. This puts the
	# word together again; in the end the pieces before the last are cut off.
	line=${COMP_LINE:0:${COMP_POINT:-0}}
	word=${line##*[[:space:]]}
	if [[ -z $line || $word != *"$cur" ]]; then
		word=$cur
		if [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then
			cur='' word=$prev=
		elif [[ $prev == = ]]; then
			word=${COMP_WORDS[COMP_CWORD - 2]}=$cur
		fi
	fi
	outside=${word%"$cur"}

	if [[ $prev == --output || $prev == --sort || $prev == --net || $prev == --output-file ||
		$prev == --baseline || $prev == --record || $prev == --replay ||
		$prev == --metric ]] &&
		[[ $word != "$prev="* ]]; then
		_listenq_values "$program" "$prev" "$word" ''
	elif [[ $prev == --delay || $prev == --count || $prev == --peak-rate || $prev == --width ||
		$prev == --warning || $prev == --critical || $prev == --timeout ||
		$prev == --fail-if || $prev == --record-when || $prev == --record-size ||
		$prev == --begin || $prev == --end ]] &&
		[[ $word != "$prev="* ]]; then
		:
	elif [[ $prev =~ ^$plain([osdNwc])$ ]]; then
		_listenq_values "$program" "-${BASH_REMATCH[1]}" "$word" ''
	elif [[ $word == --*=* ]]; then
		_listenq_values "$program" "${word%%=*}" "${word#*=}" "${word%%=*}="
	elif [[ $word =~ ^($plain([osdNwc]))(.+)$ ]]; then
		_listenq_values "$program" "-${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[1]}"
	elif [[ -z $word || $word == -* ]]; then
		_listenq_options "$word"
	fi

	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$outside"}
	done
}

complete -F _listenq listenq
