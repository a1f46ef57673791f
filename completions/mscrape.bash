# bash completion for mscrape; written by 'mscrape --completions bash'
_mscrape() {
  local cur prev word sub=''
  COMPREPLY=()
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD-1]}
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) sub=$word; break ;; esac
  done
  case $prev in
    -o|--format) mapfile -t COMPREPLY < <(compgen -W 'prom openmetrics proto' -- "$cur"); return ;;
    --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur"); return ;;
    --lint) mapfile -t COMPREPLY < <(compgen -W 'all none' -- "$cur"); return ;;
  esac
  case $sub in
    check) word='-o --format --stats --limit --lint -h --help --version -q --quiet -v --verbose --color' ;;
    *) word='-o --format -j --job -i --instance -l --label --no-timestamps --honor-labels --no-honor-timestamps --honor-timestamps -t --timeout --concurrency -H --header --username --username-file --password-file --bearer-token-file --ca-file --cert-file --key-file --insecure-skip-verify --proxy --no-follow-redirects --no-compression --scrape-protocol --fallback-scrape-protocol --body-size-limit --sample-limit --label-limit --label-name-length-limit --label-value-length-limit --native-histograms --always-classic-histograms --convert-to-nhcb --native-histogram-bucket-limit --legacy-names -h --help --version -q --quiet -v --verbose --color' ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    if [[ -z $sub ]]; then
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'get check help' -- "$cur")
    fi
  fi
}
complete -o filenames -F _mscrape mscrape
