# Types a line ($1) into a zsh of its own in a pseudo-terminal, has it completed, and prints what zsh would offer.
# Where the script of `windlass completions` is comes as $2: it is read, or loaded by its name as from a package.
zmodload zsh/zpty || exit 1
zpty asked zsh -f -i
say() { zpty -w asked "$1" }
say 'PS1= PS2= RPS1='
say "fpath=(${2:h} \$fpath); autoload -Uz compinit && compinit -u -D"
[[ ${2:t} == _windlass ]] || say "source $2"
# What completers add is printed as well, between words that aren't in what was typed.
say 'added=(); compadd() { local -a got; builtin compadd -O got "$@"; added+=("$got[@]"); builtin compadd "$@" }'
say 'asked() { added=(); _main_complete; print; print -r -- beg""un; print -rl -- ${(u)added}; print -r -- do""ne }'
say 'zle -C asked complete-word asked; bindkey "^X" asked'
zpty -n -w asked "$1"$'\C-x'
zpty -r asked heard '*begun*done*'
zpty -d asked
heard=${${heard//$'\r'/}##*begun$'\n'}
print -r -- ${heard%%done*}
