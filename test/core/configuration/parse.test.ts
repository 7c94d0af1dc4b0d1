import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { environmentsOf, parseConfiguration, placeOf, selectEnvironment, selectModel } from '../../../src/core/configuration/parse.ts'
import { UserError } from '../../../src/core/errors.ts'

const churn = `models:
  churn:
    task: binary
    train: { command: python train.py, output: model.joblib }
    predictions: predictions.csv
    primary: roc_auc
    gates:
      roc_auc: { min: 0.90, max_drop: 2% }
`
const production = (models = '') => `environments:
  production:${models}
    target: { kind: command, deploy: ./t deploy, read: ./t read, set: ./t set }
    signals: { errors: { kind: http, url: 'http://127.0.0.1/\${slot}' } }
`
const refusal = (text: string): UserError => {
  try {
    parseConfiguration(text, 'refline.yml')
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('parseConfiguration', () => {
  test('reads a minimal file and fills in what is stable', () => {
    const { models } = parseConfiguration(churn, 'refline.yml')
    expect(models.churn).toMatchObject({
      predictions: { file: 'predictions.csv' },
      confidence: 0.95,
      on_inconclusive: 'point',
      promote: { changed: 'superior', retrained: 'non_inferior' },
      gates: { roc_auc: { min: 0.9, max_drop: { value: 0.02, relative: true } } },
    })
  })

  test('the models are kept in releases unless a folder is named', () => {
    expect(parseConfiguration(churn, 'refline.yml').store).toEqual({ kind: 'github' })
    const named = parseConfiguration(`${churn}store: { kind: files, path: /mnt/models }\n`, 'refline.yml')
    expect(named.store).toEqual({ kind: 'files', path: '/mnt/models' })
  })

  test('a rule on slices may be on the drop, and a gate is an error where it says nothing else', () => {
    const slices = '    slices: { region: { severity: warn, recall: { max_drop: 2%, severity: info } } }\n    gates:'
    const { models } = parseConfiguration(churn.replace('    gates:', slices), 'refline.yml')
    expect(models.churn?.gates.roc_auc?.severity).toBe('error')
    expect(models.churn?.slices?.region).toEqual({
      min_support: 30,
      severity: 'warn',
      recall: { max_drop: { value: 0.02, relative: true }, severity: 'info' },
    })
  })

  test.each([
    [
      'an unknown key with its line and the nearest one',
      churn.replace('max_drop', 'max_dorp'),
      8,
      /models\.churn\.gates\.roc_auc\.max_dorp: unknown key; did you mean `max_drop`\?/,
    ],
    ['an unknown key at the top', `${churn}enviroments: {}\n`, 9, /enviroments: unknown key; did you mean `environments`\?/],
    ['an unknown key that resembles nothing', `${churn}owner: me\n`, 9, /known here: models, sources, environments, store, defaults/],
    [
      'an unknown key in a branch of a union',
      churn.replace('predictions.csv', '{ file: a.csv, treshold: 0.2 }'),
      5,
      /did you mean `threshold`\?/,
    ],
    ['a store of an unknown kind', `${churn}store: { kind: s3 }\n`, 9, /store\.kind: .*/],
    ['a store without its folder', `${churn}store: { kind: files }\n`, 9, /store\.path: is missing/],
    ['a folder for releases', `${churn}store: { kind: github, path: x }\n`, 9, /store\.path: unknown key/],
    ['an unknown key of the store', `${churn}store: { kind: files, pth: x }\n`, 9, /store\.pth: unknown key; did you mean `path`\?/],
    ['a wrong word', churn.replace('binary', 'binari'), 3, /models\.churn\.task: expected one of .*binary/],
    ['a wrong type', churn.replace('0.90', 'high'), 8, /gates\.roc_auc\.min: expected number, found string/],
    ['a NaN', churn.replace('0.90', '.nan'), 8, /gates\.roc_auc\.min: expected number, found NaN/],
    ['a missing key, at its section', churn.replace('    primary: roc_auc\n', ''), 2, /models\.churn\.primary: is missing/],
    ['a name that cannot be a ref', churn.replace('churn:', '../churn:'), 2, /this name cannot be used/],
    ['a key given twice', `${churn}models: {}\n`, 9, /must be unique/],
    ['a gate without a rule', churn.replace('{ min: 0.90, max_drop: 2% }', '{}'), 8, /needs at least one of/],
    [
      'a slice gate without a rule',
      churn.replace('    gates:', '    slices: { region: { recall: {} } }\n    gates:'),
      churn.split('\n').findIndex(line => line.startsWith('    gates:')) + 1,
      /slice gate needs at least one of min, max/,
    ],
    [
      'fairness of a model that is not binary',
      churn.replace('binary', 'regression').replace('    gates:', '    fairness: { sex: { accuracy_ratio: { min: 0.8 } } }\n    gates:'),
      churn.split('\n').findIndex(line => line.startsWith('    gates:')) + 1,
      /models\.churn\.fairness: fairness is measured on binary models only/,
    ],
    [
      'a measure of fairness that does not exist',
      churn.replace('    gates:', '    fairness: { sex: { demographic_parity: { min: 0.8 } } }\n    gates:'),
      churn.split('\n').findIndex(line => line.startsWith('    gates:')) + 1,
      /fairness\.sex\.demographic_parity: unknown key; known here: .*demographic_parity_ratio/,
    ],
    ['a tag', churn.replace('binary', '!!js/function x'), 3, /tag/i],
    ['several documents', `${churn}---\na: 1\n`, 9, /multiple documents/],
    ['a syntax error', 'models:\n  churn: [\n', 3, /not readable as YAML/],
    ['a mapping as a key', '{ [a]: 1 }', 1, /no plain text/],
    ['__proto__', '__proto__: { models: {} }', 1, /no plain text/],
    ['an alias that contains itself', 'models: &m { a: *m }', 1, /contains itself/],
    ['a list at the top', '- 1', 1, /expected keys/],
    [
      'an environment for a model that is not there',
      churn + production('\n    models: [chrun]'),
      11,
      /no model `chrun`; did you mean `churn`\?/,
    ],
    ['a kind that does not exist', (churn + production()).replace('kind: command', 'kind: k8s'), 11, /target\.kind: expected .*haproxy/],
  ])('refuses %s', (_, text, line, message) => {
    const error = refusal(text)
    expect(error.message).toMatch(message)
    expect(error.place).toMatchObject({ file: 'refline.yml', line })
  })

  test.each([
    ['an empty file', ''],
    ['only a comment', '# nothing yet'],
    ['no model', 'models: {}'],
    ['very deep nesting', '['.repeat(50_000)],
    ['a megabyte', `#${'x'.repeat(1_100_000)}`],
  ])('refuses %s', (_, text) => {
    expect(refusal(text).place?.file).toBe('refline.yml')
  })

  test('refuses aliases that unfold to a huge value, at once', () => {
    const level = (name: string, of: string): string => `${name}: &${name} [${Array(12).fill(`*${of}`).join(', ')}]`
    expect(refusal(['a: &a [x]', level('b', 'a'), level('c', 'b'), level('d', 'c'), level('e', 'd')].join('\n')).message).toMatch(/alias/)
  })

  test('lists every problem in the order of the file', () => {
    const { message, place } = refusal(churn.replace('binary', 'x').replace('max_drop', 'drop').replace('predictions.csv', '3'))
    expect(message.split('\n').map(line => /refline\.yml:(\d+)/.exec(line)?.[1])).toEqual([undefined, '3', '5', '8'])
    expect(place?.line).toBe(3)
  })

  test('only a UserError is ever thrown, whatever the text', () => {
    const pieces = fc.constantFrom(
      'models',
      'churn',
      'gates',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '? ',
      '!x ',
      "'",
      '"',
      '|',
      '#',
      '\t',
      '<<: ',
      '1',
      'é',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), parts => {
        try {
          parseConfiguration(parts.join(''), 'refline.yml')
        } catch (error) {
          return error instanceof UserError
        }
        return true
      }),
      { numRuns: 500, seed: 7 },
    )
  })
})

describe('defaults', () => {
  const withDefaults = `defaults: { confidence: 0.9, promote: { changed: non_inferior }, train: { setup: uv sync } }\n${churn}`

  test('are laid under every model key by key, and the model wins', () => {
    const { models } = parseConfiguration(withDefaults, 'refline.yml')
    expect(models.churn).toMatchObject({
      confidence: 0.9,
      promote: { changed: 'non_inferior', retrained: 'non_inferior' },
      train: { setup: 'uv sync', command: 'python train.py' },
    })
    const own = parseConfiguration(withDefaults.replace('task: binary', 'task: binary\n    confidence: 0.99'), 'refline.yml')
    expect(own.models.churn?.confidence).toBe(0.99)
  })

  test('a problem inside them is shown where they stand', () => {
    const error = refusal(withDefaults.replace('confidence', 'confidance'))
    expect(error.message).toMatch(/did you mean `confidence`\?/)
    expect(error.place?.line).toBe(1)
  })

  test('must be a mapping', () => {
    expect(refusal(`defaults: 3\n${churn}`).message).toMatch(/defaults: expected keys of a model/)
  })
})

describe('placeOf', () => {
  test('finds a key, else the nearest ancestor, else defaults', () => {
    expect(placeOf(churn, 'refline.yml', ['models', 'churn', 'gates', 'roc_auc'])).toEqual({ file: 'refline.yml', line: 8, column: 7 })
    expect(placeOf(churn, 'refline.yml', ['models', 'churn', 'slices', 'region']).line).toBe(2)
    expect(placeOf(`defaults:\n  gates: { f1: { min: 1 } }\n${churn}`, 'refline.yml', ['models', 'churn', 'gates', 'f1']).line).toBe(2)
    expect(placeOf('a: [', 'refline.yml', ['a'])).toEqual({ file: 'refline.yml' })
  })
})

describe('selection', () => {
  const one = parseConfiguration(churn + production(), 'refline.yml')
  const two = parseConfiguration(
    `${churn}  price: { task: regression, primary: mae, gates: { mae: { max: 3 } } }\n${production('\n    models: [churn]')}`,
    'refline.yml',
  )

  test('the only model and its only environment need no name', () => {
    expect(selectModel(one, undefined).name).toBe('churn')
    expect(selectEnvironment(one, 'churn', undefined).name).toBe('production')
  })

  test('several need one, and a misspelt one is refused with the nearest', () => {
    expect(() => selectModel(two, undefined)).toThrow(/name one in the input `model`: churn, price/)
    expect(selectModel(two, 'price').model.task).toBe('regression')
    expect(() => selectModel(two, 'prize')).toThrow(/did you mean `price`/)
    expect(() => selectModel(two, 'constructor')).toThrow(UserError)
    expect(() => selectEnvironment(one, 'churn', 'productoin')).toThrow(/did you mean `production`/)
  })

  test('an environment covers the models it names', () => {
    expect(environmentsOf(two, 'churn')).toEqual(['production'])
    expect(environmentsOf(two, 'price')).toEqual([])
    expect(() => selectEnvironment(two, 'price', undefined)).toThrow(/no environment .* covers the model price/)
  })
})
