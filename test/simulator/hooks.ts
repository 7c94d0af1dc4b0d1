import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const files = new URL('./files.ts', import.meta.url).href

/** Gives the sources below a folder the simulator's files in place of the disk; must come before they are loaded. */
export const standIn = (folder: string): void => {
  const sources = `${pathToFileURL(folder).href}/`
  registerHooks({
    resolve: (specifier, context, next) => {
      const ours = specifier === 'node:fs/promises' && context.parentURL?.startsWith(sources) === true
      return ours ? { url: files, shortCircuit: true } : next(specifier, context)
    },
  })
}
