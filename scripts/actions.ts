import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionSpec } from '../src/kernel/action.ts'

/** The repository's root, with a slash at the end. */
export const root = join(import.meta.dirname, '..')

/** Names of the actions: folders of `src/actions` that have a spec and a main. */
export const actionNames = (): readonly string[] =>
  readdirSync(join(root, 'src/actions'))
    .filter(name => ['spec.ts', 'main.ts'].every(file => existsSync(join(root, 'src/actions', name, file))))
    .sort()

/** Loads the specs of all actions. Throws where an id is not its folder's name. */
export const actionSpecs = async (): Promise<readonly ActionSpec[]> => {
  const specs: ActionSpec[] = []
  for (const name of actionNames()) {
    const { spec } = (await import(`../src/actions/${name}/spec.ts`)) as { readonly spec: ActionSpec }
    if (spec.id !== name) throw new Error(`src/actions/${name}/spec.ts has the id ${spec.id}; it must be the folder's name`)
    specs.push(spec)
  }
  return specs
}
