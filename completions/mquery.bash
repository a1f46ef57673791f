# bash completion for mquery; written by 'mquery --completions bash'
_mquery() {
  local cur prev word sub=''
  COMPREPLY=()
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD-1]}
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) sub=$word; break ;; esac
  done
  case $prev in
    -o|--format) mapfile -t COMPREPLY < <(compgen -W 'table tsv csv json jsonl prom value markdown' -- "$cur"); return ;;
    --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur"); return ;;
  esac
  case $sub in
    fmt) word='-e --expr --one-line --check -h --help --version -q --quiet -v --verbose --color' ;;
    parse) word='-e --expr --one-line -h --help --version -q --quiet -v --verbose --color' ;;
    labels) word='-s --store --match --start --end --last --now --utc -o --format -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    series) word='-s --store --match --start --end --last --now --utc -o --format -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    test) word='--no-at-checks --no-range-checks -h --help --version -q --quiet -v --verbose --color' ;;
    *) word='-e --expr -s --store --time --last --start --end --step --at-end --now --utc -o --format --as --human --no-header --exit-status --lookback --timeout --max-samples --enable-feature -h --help --version -q --quiet -v --verbose --color' ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    if [[ -z $sub ]]; then
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'query fmt parse labels series test help' -- "$cur")
    fi
  fi
}
complete -o filenames -F _mquery mquery
