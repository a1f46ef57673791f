# bash completion for mstore; written by 'mstore --completions bash'
_mstore() {
  local cur prev word sub=''
  COMPREPLY=()
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD-1]}
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) sub=$word; break ;; esac
  done
  case $prev in
    -o|--format) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$cur"); return ;;
    --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur"); return ;;
    --sync) mapfile -t COMPREPLY < <(compgen -W 'always none' -- "$cur"); return ;;
    --upkeep) mapfile -t COMPREPLY < <(compgen -W 'auto none' -- "$cur"); return ;;
    --by) mapfile -t COMPREPLY < <(compgen -W 'metric label pair' -- "$cur"); return ;;
  esac
  case $sub in
    metrics) word='-s --store --match --start --end --last --now --utc -o --format --no-header --human -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    append) word='-s --store --lock-timeout --sync --upkeep --dry-run -j --job -i --instance -l --label --honor-labels --max-ahead --ooo-window --now -h --help --version -q --quiet -v --verbose --color' ;;
    import) word='-s --store --lock-timeout --sync --columns --strict --max-ahead --block --now -h --help --version -q --quiet -v --verbose --color' ;;
    export) word='-s --store --match --start --end --last --now --utc -o --format --no-timestamps -h --help --version -q --quiet -v --verbose --color' ;;
    series) word='-s --store --match --start --end --last --now --utc -o --format -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    labels) word='-s --store --match --start --end --last --now --utc -o --format -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    top) word='-s --store --match --start --end --last --now --utc --block --by --slack -o --format --no-header --human -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    tail) word='-s --store --match --start --end --last --now --utc -f --follow -o --format -n --limit -h --help --version -q --quiet -v --verbose --color' ;;
    compact) word='-s --store --lock-timeout --all --dry-run --auto --now -o --format --no-header --human -h --help --version -q --quiet -v --verbose --color' ;;
    retain) word='-s --store --lock-timeout --keep --max-size --dry-run --now -o --format --no-header --human -h --help --version -q --quiet -v --verbose --color' ;;
    delete) word='-s --store --match --start --end --last --now --utc --lock-timeout --rewrite --dry-run -o --format --no-header --human -h --help --version -q --quiet -v --verbose --color' ;;
    diff) word='--match --start --end --last --now --utc -o --format -n --limit --summary --no-header -h --help --version -q --quiet -v --verbose --color' ;;
    snapshot) word='-s --store --copy -h --help --version -q --quiet -v --verbose --color' ;;
    verify) word='-s --store -o --format -h --help --version -q --quiet -v --verbose --color' ;;
    repair) word='-s --store --lock-timeout --max-ahead --dry-run --now -h --help --version -q --quiet -v --verbose --color' ;;
    *) word='-s --store -o --format --utc --now -h --help --version -q --quiet -v --verbose --color' ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    if [[ -z $sub ]]; then
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'info metrics append import export series labels top tail compact retain delete diff snapshot verify repair help' -- "$cur")
    fi
  fi
}
complete -o filenames -F _mstore mstore
