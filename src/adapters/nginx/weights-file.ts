import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'

/** How the file divides the traffic, apart from the weights. */
export interface Split {
  /** The variable of nginx that `proxy_pass` names, without the dollar sign; what was told is in `<variable>_told`. */
  readonly variable: string
  /** What becomes the variable's value by slot: names of upstreams, or addresses. */
  readonly slots: Readonly<Record<Slot, string>>
  /** What is hashed: `$request_id` for a new draw with each request, or something of the client's. */
  readonly by: string
}

/** What nginx is told at a time. A share is whole hundredths of a per cent, nginx's own precision. */
export interface Told {
  readonly seq: number
  readonly blueHundredths: number
}

/** A file as it was found: `told` by us, and `blueHundredths` as it divides the traffic; they differ where somebody edited it. */
export interface WeightsFile {
  readonly told: Told
  readonly blueHundredths: number
}

export const everything = 10_000

/** Blue's share where `slot` has this many per cent. Throws a UserError where a share above 0 would become 0 or one below 100 would become 100. */
export const hundredthsOfBlue = (slot: Slot, percent: number): number => {
  const own = Math.round(percent * 100)
  if ((percent > 0 && own === 0) || (percent < 100 && own === everything))
    throw new UserError(`nginx cannot give ${percent} % of the traffic: its shares are whole hundredths of a per cent. Use a larger step.`)
  return slot === 'blue' ? own : everything - own
}

/** The share of a slot in per cent. */
export const percentOf = (blueHundredths: number, slot: Slot): number =>
  (slot === 'blue' ? blueHundredths : everything - blueHundredths) / 100

const inWords = (hundredths: number): string => (hundredths / 100).toFixed(2)

/** What the status location answers, but for the number of the worker process that answers. */
export const toldLine = ({ seq, blueHundredths }: Told): string =>
  `refline seq=${seq} blue=${inWords(blueHundredths)} green=${inWords(everything - blueHundredths)}`

const toldRule = /refline seq=(\d{1,15}) blue=(\d{1,3})\.(\d\d) green=(\d{1,3})\.(\d\d)/

/** The reverse of toldLine; null for another text, or one whose shares are not everything together. */
export const parseTold = (text: string): Told | null => {
  const [, seq, blue, blueRest, green, greenRest] = toldRule.exec(text) ?? []
  const blueHundredths = Number(blue) * 100 + Number(blueRest)
  return blueHundredths + Number(green) * 100 + Number(greenRest) === everything ? { seq: Number(seq), blueHundredths } : null
}

const nameRule = /^[A-Za-z0-9_.:[\]-]{1,200}$/
const variableRule = /^[a-z][a-z0-9_]{0,59}$/
const keyRule = /^(\$\{?[a-z0-9_]+\}?)+$/

/** Throws a UserError for names that nginx could take for anything else than names. */
export const assertSplit = ({ variable, slots, by }: Split): void => {
  if (!variableRule.test(variable))
    throw new UserError(`"${variable}" cannot be the name of a variable of nginx; use letters, digits and _`)
  if (!keyRule.test(by)) throw new UserError(`"${by}" is no variable of nginx that traffic could be divided by, such as $request_id`)
  for (const name of [slots.blue, slots.green])
    if (!nameRule.test(name)) throw new UserError(`"${name}" cannot be an upstream of nginx or an address such as 127.0.0.1:8001`)
  if (slots.blue === slots.green) throw new UserError(`the slots blue and green are the same upstream ${slots.blue}`)
}

/**
 * The file that nginx includes at its http level. nginx knows no weight of 0 and no `0%`: a slot without a share is left out. Blue always comes first, so that
 * a client that is divided by a key of its own changes sides only once while a share grows.
 */
export const renderWeights = ({ variable, slots, by }: Split, told: Told): string => {
  const { blueHundredths } = told
  const shares =
    blueHundredths === 0
      ? [`* "${slots.green}"`]
      : blueHundredths === everything
        ? [`* "${slots.blue}"`]
        : [`${inWords(blueHundredths)}% "${slots.blue}"`, `* "${slots.green}"`]
  return [
    `# Written by Refline at seq ${told.seq} of the ledger. What is changed here by hand is seen as somebody else's and not overwritten.`,
    `split_clients "${by}" $${variable} {`,
    ...shares.map(share => `    ${share};`),
    '}',
    `map "" $${variable}_told {`,
    `    default "${toldLine(told)} pid=$pid";`,
    '}',
    '',
  ].join('\n')
}

const splitBlock = /^\s*split_clients\s+(?:"[^"]*"|[^\s"]+)\s+\$\w+\s*\{([^}]*)\}/m
const toldBlock = /^\s*map\s+"[^"]*"\s+\$\w+_told\s*\{[^}]*\}/m
const shareRule = /^(?:\*|(\d{1,3})(?:\.(\d{1,2}))?%)\s+"?([^\s";]+)"?$/

/**
 * Reads such a file, also one that was edited. Throws a UserError that begins with `what` where it is none, or holds what would be lost when it is written anew: this file is
 * Refline's alone.
 */
export const parseWeights = (text: string, slots: Readonly<Record<Slot, string>>, what: string): WeightsFile => {
  const plain = text.replaceAll(/(^|\s)#.*$/gm, '$1')
  const told = parseTold(plain)
  const [, body = ''] = splitBlock.exec(plain) ?? []
  const lines = body
    .split(';')
    .map(line => line.trim())
    .filter(line => line !== '')
  const shares = lines.flatMap(line => {
    const [found, whole, part, name = ''] = shareRule.exec(line) ?? []
    return found === undefined
      ? []
      : [{ name, hundredths: whole === undefined ? null : Number(whole) * 100 + Number((part ?? '').padEnd(2, '0')) }]
  })
  if (told === null || shares.length === 0 || shares.length < lines.length)
    throw new UserError(
      `${what} is not as Refline writes it; put back the file that docs/targets.md shows, or give all traffic to one slot by a rollback`,
    )
  const more = plain.replace(splitBlock, '').replace(toldBlock, '').trim()
  if (more !== '')
    throw new UserError(
      `${what} holds more than Refline writes, which would be lost: ${JSON.stringify(more.slice(0, 120))}. Move it to a file of its own; nothing was changed`,
    )
  const stranger = shares.find(({ name }) => name !== slots.blue && name !== slots.green)
  if (stranger !== undefined)
    throw new UserError(
      `${what} gives traffic to "${stranger.name}", which is neither slot blue (${slots.blue}) nor slot green (${slots.green})`,
    )
  const known = shares.reduce((sum, { hundredths }) => sum + (hundredths ?? 0), 0)
  const blueHundredths = shares
    .filter(({ name }) => name === slots.blue)
    .reduce((sum, { hundredths }) => sum + (hundredths ?? everything - known), 0)
  return { told, blueHundredths }
}
