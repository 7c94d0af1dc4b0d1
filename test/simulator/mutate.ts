import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Mutant } from './mutants.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Copies the sources into a temporary folder with a mutant in them, beside the packages they need. Throws where one of its patches finds its text not exactly
 * once: the sources have moved on, and the mutant must follow.
 */
export const mutated = (mutant: Mutant): { readonly src: string } & Disposable => {
  const folder = mkdtempSync(join(tmpdir(), 'refline-mutant-'))
  const src = join(folder, 'src')
  cpSync(join(root, 'src'), src, { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const { file, find, replace } of mutant.patches) {
    const text = readFileSync(join(src, file), 'utf8')
    const parts = text.split(find)
    if (parts.length !== 2)
      throw new Error(`mutant "${mutant.name}": ${file} has the text ${JSON.stringify(find)} ${parts.length - 1} times, expected once`)
    writeFileSync(join(src, file), parts.join(replace))
  }
  return { src, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
