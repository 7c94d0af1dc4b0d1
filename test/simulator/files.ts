import { readFile as readReal, stat as statReal } from 'node:fs/promises'

// What the sources get for node:fs/promises in the simulator (hooks.ts): files that exist in memory only and answer without leaving this thread, since a
// process that waits for the disk would go on at a moment that no seed decides.
export * from 'node:fs/promises'

/** Files of runs by path, all below `/simulated/`. */
export const simulatedFiles = new Map<string, string>()

export const readFile = (async (path: unknown, ...more: never[]) => {
  const text = simulatedFiles.get(String(path))
  if (text === undefined) return readReal(path as string, ...more)
  return more.length > 0 ? text : Buffer.from(text)
}) as typeof readReal

export const stat = (async (path: unknown, ...more: never[]) => {
  const text = simulatedFiles.get(String(path))
  return text === undefined ? statReal(path as string, ...more) : { size: Buffer.byteLength(text), isFile: () => true }
}) as typeof statReal
