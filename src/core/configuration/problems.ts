import { z } from 'zod'
import { nearest } from '../nearest.ts'
import { configuration } from './schema.ts'
import type { Path } from './source.ts'

/** Something wrong with the configuration: where, and in words. */
export interface Problem {
  readonly path: Path
  readonly message: string
}

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly issues?: readonly Issue[]
  readonly errors?: readonly (readonly Issue[])[]
  readonly pattern?: string | undefined
}

/** Puts the issues of zod into words: every unknown key on its own with the nearest known one, unions by the branch that was meant. */
export const problemsOf = (issues: readonly Issue[], base: Path = []): readonly Problem[] =>
  issues.flatMap((issue): readonly Problem[] => {
    const path: Path = [...base, ...issue.path.map(step => (typeof step === 'number' ? step : String(step)))]
    switch (issue.code) {
      case 'unrecognized_keys':
        return (issue.keys ?? []).map(key => ({ path: [...path, key], message: unknownKey(path, key) }))
      case 'invalid_union':
        return unionProblems(issue, path)
      case 'invalid_key': {
        const inner = issue.issues?.[0]
        return [
          {
            path,
            message: `this name cannot be used: ${inner?.pattern === undefined ? inner?.message : `it must match ${inner.pattern}`}`,
          },
        ]
      }
      default:
        return [{ path, message: plain(issue.message) }]
    }
  })

const unionProblems = (issue: Issue, path: Path): readonly Problem[] => {
  const branches = issue.errors ?? []
  if (branches.length === 0) return [{ path, message: plain(issue.message) }]
  // A branch of the wrong type altogether was not meant.
  const meant = branches.filter(branch => !branch.some(({ code, path: at }) => code === 'invalid_type' && at.length === 0))
  const only = meant[0]
  if (only !== undefined && meant.length === 1) return problemsOf(only, path)
  const expectations = branches.map(branch => branch.map(({ message }) => plain(message).replace(/^expected /, '')).join(' and '))
  return [{ path, message: `expected ${[...new Set(expectations.map(text => text.replace(/, found .*$/, '')))].join(', or ')}` }]
}

const plain = (message: string): string => {
  if (/received undefined$/.test(message)) return 'is missing'
  const text = message
    .replace(/^Invalid (input|option|string): /, '')
    .replace(', received ', ', found ')
    .replace(/^Invalid discriminator value\. E/, 'e')
    .replace(/^Too (small|big): /, '')
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

const unknownKey = (path: Path, key: string): string => {
  const known = knownKeys(path)
  const meant = nearest(key, known)
  if (meant !== undefined) return `unknown key; did you mean \`${meant}\`?`
  return known.length === 0 ? 'unknown key' : `unknown key; known here: ${known.join(', ')}`
}

type Shape = { readonly [keyword: string]: unknown }

let schema: Shape | undefined

/** Keys that the schema knows at a path, over all branches of its unions. */
const knownKeys = (path: Path): readonly string[] => {
  const unfold = (shape: Shape): readonly Shape[] => [
    shape,
    ...['anyOf', 'oneOf', 'allOf'].flatMap(keyword => (shape[keyword] as readonly Shape[] | undefined) ?? []).flatMap(unfold),
  ]
  schema ??= z.toJSONSchema(configuration, { io: 'input', unrepresentable: 'any' }) as Shape
  let shapes = unfold(schema)
  for (const step of path) {
    shapes = shapes
      .map(shape =>
        typeof step === 'number' ? shape.items : ((shape.properties as Shape | undefined)?.[step] ?? shape.additionalProperties),
      )
      .filter((shape): shape is Shape => typeof shape === 'object' && shape !== null)
      .flatMap(unfold)
  }
  const keys = [...new Set(shapes.flatMap(shape => Object.keys((shape.properties as Shape | undefined) ?? {})))]
  if (path.length === 0) return [...keys, 'defaults']
  return path[0] === 'environments' && path[2] === 'signals' && path.length === 4 ? [...keys, 'source'] : keys
}
