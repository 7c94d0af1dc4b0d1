import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'

const readme = readFileSync(join(import.meta.dirname, '../../../actions/evaluate-gate/README.md'), 'utf8')
const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../../refline.schema.json'), 'utf8'))

/** The text below a heading such as "### `gates`", up to the next one. */
const section = (name: string): string => readme.split(/^### /m).find(part => part.startsWith(`\`${name}\``)) ?? ''
/** The examples in the last column of its tables. */
const examples = (name: string): string[] => [...section(name).matchAll(/^\|.*\| `([^`|]+)` \|$/gm)].map(match => match[1] as string)

const parsed = (part: string) =>
  parseConfiguration(
    `models:\n  fraud:\n    task: binary\n    primary: roc_auc\n    ${part.startsWith('gates') ? '' : 'gates: { roc_auc: { min: 0.5 } }\n    '}${part}\n`,
    'README.md',
  ).models.fraud

describe('the rules that the README of evaluate-gate explains', () => {
  test('stand together in one example that is valid', () => {
    const example = /```yaml\n(models:[\s\S]*?)```/.exec(readme)?.[1] ?? ''
    const { fraud } = parseConfiguration(example, 'README.md').models
    expect(fraud).toMatchObject({ checks: 'checks/fraud.ts', slices: { 'country x channel': { severity: 'warn' } } })
  })

  test.each(['gates', 'slices', 'fairness'])('every example of %s is valid', name => {
    expect(examples(name).length).toBeGreaterThan(2)
    for (const example of examples(name))
      expect(parsed(`${name}: { ${example.replace(/^(country x channel)/, '"$1"')} }`), example).toBeDefined()
  })

  test('every example of predictions is valid', () => {
    expect(examples('predictions')).toHaveLength(3)
    for (const example of examples('predictions')) expect(parsed(example), example).toBeDefined()
  })

  test('every value of promote is one', () => {
    const values = [...section('promote').matchAll(/^\| `([^`]+)` \|/gm)].map(match => match[1] as string)
    expect(values).toHaveLength(4)
    for (const value of values) expect(parsed(`promote: { changed: ${value}, retrained: ${value} }`)?.promote.changed, value).toBeDefined()
  })

  const model = schema.properties.models.additionalProperties.properties
  test.each([
    ['gates', Object.keys(model.gates.additionalProperties.properties)],
    ['slices', ['min_support', 'severity']],
    ['fairness', Object.keys(model.fairness.additionalProperties.properties).map(key => key.replace(/_(difference|ratio)$/, ''))],
  ])('every key of %s is explained', (name, keys) => {
    expect(keys.length).toBeGreaterThan(1)
    for (const key of keys) expect(section(name), key).toContain(`\`${key}\``)
  })
})
