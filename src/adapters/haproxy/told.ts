import { everything } from './weights.ts'

/**
 * What an instance was last told: the ledger's seq and the share of slot blue in hundredths of a per cent, from which the weights follow (`weightsOf`). `turn`
 * counts different orders of one seq.
 */
export interface Told {
  readonly seq: number
  readonly turn: number
  readonly blueShare: number
}

// Together 53 bits, as many as a number holds exactly.
const turns = 2 ** 7
const shareSteps = 2 ** 14
const largestSeq = 2 ** 32

/**
 * The process variable that an instance keeps it in. It lives as long as the weights do, in the memory of the process, so its absence shows that the process
 * began again. Other characters than HAProxy takes in names are written as `_` and their code.
 */
export const variableOf = (backend: string): string =>
  `proc.refline.${backend.replace(/[^A-Za-z0-9]/g, character => `_${character.charCodeAt(0).toString(16)}_`)}`

/** One whole number that is larger for a newer order, since HAProxy compares whole numbers (`iflt`) and can thereby refuse the older of two writers itself. */
export const numberOf = ({ seq, turn, blueShare }: Told): number => {
  if (seq < 0 || seq >= largestSeq || turn >= turns) throw new RangeError(`seq ${seq}, turn ${turn} cannot be told to HAProxy`)
  return (seq * turns + turn) * shareSteps + blueShare
}

/** The reverse of numberOf; null for a number that is none of ours. */
export const toldOf = (number: number): Told | null => {
  const blueShare = number % shareSteps
  if (!Number.isSafeInteger(number) || number < 0 || blueShare > everything) return null
  const order = Math.floor(number / shareSteps)
  return { seq: Math.floor(order / turns), turn: order % turns, blueShare }
}

/** Reads the variable from an answer to `get var`; null where it is not set, or HAProxy is too old for it. */
export const parseTold = (answer: string, variable: string): Told | null => {
  const [, number] = new RegExp(`^${variable.replaceAll('.', '\\.')}: type=sint value=<(\\d+)>\\s*$`, 'm').exec(answer) ?? []
  return number === undefined ? null : toldOf(Number(number))
}

/** The commands by which an instance is told, unless it was told something newer, and shows what it was told last. */
export const tellCommands = (variable: string, told: Told): string =>
  `experimental-mode on; set var ${variable},iflt int(${numberOf(told)}); get var ${variable}`
