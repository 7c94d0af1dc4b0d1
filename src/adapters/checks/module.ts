import { relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UserError } from '../../core/errors.ts'

/** What a module of checks is called with; `refline-checks.d.ts` in the documentation of `train` says the same to its authors. */
export type CheckFunction = (input: Readonly<Record<string, unknown>>) => unknown

/**
 * Loads a module of the user's own and returns its default export. Types are stripped by Node. A module that cannot be loaded, or whose default export is no function,
 * is a UserError.
 *
 * @param path absolute path of the module
 * @param name the module as refline.yml calls it
 */
export const loadCheck = async (path: string, name: string): Promise<CheckFunction> => {
  let found: { readonly default?: unknown }
  try {
    found = await import(/* webpackIgnore: true */ pathToFileURL(path).href)
  } catch (cause) {
    throw new UserError(`${name} cannot be loaded: ${messageOf(cause)}`, { cause })
  }
  if (typeof found.default === 'function') return found.default as CheckFunction
  throw new UserError(
    `${name} has no function as its default export; write \`export default ({ predictions }) => ({ metrics: {}, findings: [] })\``,
  )
}

/** What was thrown, in a sentence, with the first line of the checkout's own code in its stack: none of ours is shown. */
export const thrownWhere = (thrown: unknown, checkout: string): string => {
  try {
    const place = thrown instanceof Error ? placeIn(String(thrown.stack), checkout) : null
    return place === null ? messageOf(thrown) : `${messageOf(thrown)} (${place})`
  } catch {
    return 'something was thrown that cannot even be shown'
  }
}

const placeIn = (stack: string, checkout: string): string | null => {
  for (const [, address = '', line] of stack.matchAll(/^\s+at (?:.*\()?(file:\/\/[^()\s]+|\/[^()]+?):(\d+):\d+\)?$/gm)) {
    const place = relative(checkout, address.startsWith('file:') ? fileURLToPath(address) : address)
    if (!place.startsWith('..')) return `${place}:${line}`
  }
  return null
}

const messageOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  const message = thrown.message === '' ? 'an error without a message' : thrown.message
  return thrown.name === 'Error' ? message : `${thrown.name}: ${message}`
}
