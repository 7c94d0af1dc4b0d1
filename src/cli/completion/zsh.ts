import type { CommandSpec } from '../command.ts'
import { type Offer, offerFor, quoted } from './values.ts'

/** Text inside the brackets of an option's description. */
const bracketed = (text: string): string => text.replace(/[[\]\\:]/g, character => `\\${character}`)

const action = (offer: Offer): string => {
  if (offer === null) return ' '
  if ('words' in offer) return `(${offer.words.join(' ')})`
  return offer.ask === 'file' ? '_files' : '_refline_models'
}

const commandCase = (spec: CommandSpec, commands: readonly CommandSpec[]): readonly string[] => {
  const options = Object.entries(spec.options).map(([name, option]) =>
    option.value === undefined
      ? quoted(`--${name}[${bracketed(option.description)}]`)
      : quoted(`--${name}=[${bracketed(option.description)}]:${bracketed(option.value)}:${action(offerFor(option, commands))}`),
  )
  const operands = spec.operands.map((operand, index) =>
    quoted(`${index + 1}:${bracketed(operand.name)}:${action(offerFor(operand, commands))}`),
  )
  return [
    `    ${spec.id})`,
    `      _arguments ${[...options, quoted('--help[all of this command, with examples]'), ...operands].join(' ')} ;;`,
  ]
}

/** Completion for zsh, to be put into a folder of `fpath` as `_refline`, or sourced after `compinit`. */
export const zshScript = (commands: readonly CommandSpec[]): string =>
  [
    '#compdef refline',
    '# Completion of refline for zsh. Made by: refline completion zsh',
    '_refline_models() {',
    '  local -a models',
    '  models=(${(f)"$(refline completion models 2>/dev/null)"})',
    '  compadd -a models',
    '}',
    '_refline() {',
    '  local -a commands',
    `  commands=(${commands.map(({ id, summary }) => quoted(`${id}:${bracketed(summary)}`)).join(' ')})`,
    '  if (( CURRENT == 2 )); then',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $command in',
    ...commands.flatMap(spec => commandCase(spec, commands)),
    '  esac',
    '}',
    'if [[ $funcstack[1] == _refline ]]; then _refline "$@"; else compdef _refline refline; fi',
    '',
  ].join('\n')
