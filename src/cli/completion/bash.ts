import type { CommandSpec } from '../command.ts'
import { type Offer, offerFor, quoted } from './values.ts'

const reply = (offer: Offer): string => {
  if (offer === null) return ':'
  if ('words' in offer) return `_refline_words ${quoted(offer.words.join(' '))}`
  return offer.ask === 'file' ? '_refline_files' : '_refline_words "$(refline completion models 2>/dev/null)"'
}

const commandCase = (spec: CommandSpec, commands: readonly CommandSpec[]): readonly string[] => {
  const options = Object.entries(spec.options)
  const valued = options.filter(([, { value }]) => value !== undefined)
  const operand = spec.operands[0]
  return [
    `    ${spec.id})`,
    ...(valued.length === 0
      ? []
      : [
          '      case "$before" in',
          ...valued.map(([name, option]) => `        --${name}) ${reply(offerFor(option, commands))}; return ;;`),
          '      esac',
        ]),
    `      if [[ $current == -* ]]; then _refline_words ${quoted([...options.map(([name]) => `--${name}`), '--help'].join(' '))}`,
    `      else ${operand === undefined ? ':' : reply(offerFor(operand, commands))}; fi ;;`,
  ]
}

/** Completion for bash 3.2 and newer, with or without the package bash-completion. */
export const bashScript = (commands: readonly CommandSpec[]): string =>
  [
    '# Completion of refline for bash. Made by: refline completion bash',
    '_refline_words() {',
    '  local word',
    '  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$current")',
    '}',
    '_refline_files() {',
    '  local file',
    '  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$current")',
    '  compopt -o filenames 2>/dev/null',
    '}',
    '_refline() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}',
    '  COMPREPLY=()',
    '  # bash takes --kind=rollback apart at the equals sign',
    '  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi',
    '  if (( COMP_CWORD == 1 )); then',
    `    _refline_words ${quoted([...commands.map(({ id }) => id), '--help', '--version'].join(' '))}`,
    '    return',
    '  fi',
    '  case "${COMP_WORDS[1]}" in',
    ...commands.flatMap(spec => commandCase(spec, commands)),
    '  esac',
    '}',
    'complete -F _refline refline',
    '',
  ].join('\n')
