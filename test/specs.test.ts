import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { actionSpecs, root } from '../scripts/actions.ts'
import { inputVariable, isExpression } from '../src/kernel/inputs.ts'

const specs = await actionSpecs()
const inputs = specs.flatMap(spec => Object.entries(spec.inputs).map(([name, input]) => ({ action: spec.id, name, input })))
const outputs = specs.flatMap(spec => Object.entries(spec.outputs).map(([name, output]) => ({ action: spec.id, name, output })))

describe('specs', () => {
  test('there are actions', () => expect(specs.length).toBeGreaterThan(0))

  test('every default parses with its own schema', async () => {
    const bad: string[] = []
    for (const { action, name, input } of inputs) {
      if (input.default === undefined) continue
      // An expression is filled in by the runner; anywhere else the input is ''.
      const value = isExpression(input.default) ? '' : input.default
      const { success, error } = await input.schema.safeParseAsync(value)
      if (!success) bad.push(`${action}: ${name} = ${JSON.stringify(value)}: ${error.message}`)
    }
    expect(bad).toEqual([])
  })

  test('no input is both required and defaulted', () => {
    expect(
      inputs.filter(({ input }) => input.required === true && input.default !== undefined).map(({ action, name }) => `${action}: ${name}`),
    ).toEqual([])
  })

  test('names are kebab-case and descriptions are sentences', () => {
    const all = [
      ...inputs.map(({ action, name, input }) => ({ action, name, ...input })),
      ...outputs.map(({ action, name, output }) => ({ action, name, ...output })),
    ]
    expect(all.filter(({ name }) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)).map(({ action, name }) => `${action}: ${name}`)).toEqual(
      [],
    )
    const sentences = [...all, ...specs.map(({ id, description }) => ({ action: id, name: 'description', description }))]
    expect(sentences.filter(({ description }) => !/^\S.*\.$/s.test(description)).map(({ action, name }) => `${action}: ${name}`)).toEqual(
      [],
    )
  })

  test('every token is a secret', () => {
    expect(inputs.filter(({ name, input }) => /token|password|secret/.test(name) && input.secret !== true)).toEqual([])
  })

  test('no two inputs of an action share a variable', () => {
    for (const spec of specs) {
      const variables = Object.keys(spec.inputs).map(inputVariable)
      expect(new Set(variables).size).toBe(variables.length)
    }
  })
})

describe.each(specs.map(spec => ({ id: spec.id, spec })))('actions/$id', ({ id, spec }) => {
  const action = parse(readFileSync(join(root, 'actions', id, 'action.yml'), 'utf8')) as {
    readonly runs: unknown
    readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>
    readonly outputs: object
  }

  test('runs on node24 from the shared bundle', () => {
    expect(action.runs).toEqual({ using: 'node24', main: `../../dist/${id}.js` })
  })

  test('declares the inputs and outputs of its spec', () => {
    expect(Object.keys(action.inputs)).toEqual(Object.keys(spec.inputs))
    expect(Object.keys(action.outputs)).toEqual(Object.keys(spec.outputs))
    for (const [name, input] of Object.entries(spec.inputs)) expect(action.inputs[name]?.default).toBe(input.default)
  })

  test('has a page with usage and permissions', () => {
    const page = join(root, 'actions', id, 'README.md')
    expect(existsSync(page)).toBe(true)
    const text = readFileSync(page, 'utf8')
    expect(text).toMatch(/^```ya?ml$/m)
    expect(text).toMatch(/permissions/i)
  })
})
