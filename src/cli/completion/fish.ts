import type { CommandSpec } from '../command.ts'
import { type Offer, offerFor } from './values.ts'

/** A text as one word of fish, which knows two escapes in single quotes. */
const word = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const offered = (offer: Offer): string => {
  if (offer === null) return '-x'
  if ('words' in offer) return `-x -a ${word(offer.words.join(' '))}`
  return offer.ask === 'file' ? '-r -F' : "-x -a '(refline completion models 2>/dev/null)'"
}

const commandLines = (spec: CommandSpec, commands: readonly CommandSpec[]): readonly string[] => {
  const within = `complete -c refline -n '__fish_seen_subcommand_from ${spec.id}'`
  const operand = spec.operands[0]
  const offer = operand === undefined ? null : offerFor(operand, commands)
  return [
    `complete -c refline -n __fish_use_subcommand -a ${spec.id} -d ${word(spec.summary)}`,
    ...Object.entries(spec.options).map(
      ([name, option]) =>
        `${within} -l ${name}${option.value === undefined ? '' : ` ${offered(offerFor(option, commands))}`} -d ${word(option.description)}`,
    ),
    ...(offer === null ? [] : [`${within} ${'words' in offer || offer.ask === 'model' ? offered(offer).replace('-x ', '') : '-F'}`]),
  ]
}

/** Completion for fish, to be put into `~/.config/fish/completions/refline.fish`. */
export const fishScript = (commands: readonly CommandSpec[]): string =>
  [
    '# Completion of refline for fish. Made by: refline completion fish',
    'complete -c refline -f',
    ...commands.flatMap(spec => commandLines(spec, commands)),
    '',
  ].join('\n')
