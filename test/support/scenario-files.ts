/**
 * A training script that needs nothing but node: reads `separation` from params.yaml and writes a model, predictions of 400 labelled rows and metrics, the same
 * ones every time. A greater separation is a better model on the same rows.
 */
export const trainScript = `import { readFileSync, writeFileSync } from 'node:fs'
const params = readFileSync('params.yaml', 'utf8')
const separation = Number(/^separation: (.*)$/m.exec(params)[1])
let seed = 12345
const uniform = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648
const rows = ['id,label,score,region']
let right = 0
for (let id = 0; id < 400; id += 1) {
  const label = id % 2
  const noise = Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform())
  const score = 1 / (1 + Math.exp(-(separation * (label - 0.5) + noise)))
  if ((score >= 0.5) === (label === 1)) right += 1
  rows.push([id, label, score.toFixed(6), id % 3 === 0 ? 'EU' : 'US'].join(','))
}
writeFileSync('model.json', JSON.stringify({ separation }) + '\\n')
writeFileSync('predictions.csv', rows.join('\\n') + '\\n')
writeFileSync('metrics.json', JSON.stringify({ accuracy: right / 400 }) + '\\n')
console.log('trained with separation ' + separation)
`

/** The three commands of a \`command\` target, over a JSON file with the weight of blue. */
export const targetScript = `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const [verb, file] = process.argv.slice(2)
const state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { blue: 100, seq: 0, versions: {} }
const slot = process.env.REFLINE_SLOT
const percent = () => (slot === 'blue' ? state.blue : 100 - state.blue)
if (verb === 'deploy') state.versions[slot] = process.env.REFLINE_VERSION
if (verb === 'set') {
  const expected = process.env.REFLINE_EXPECT
  if (expected !== '' && Number(expected) !== percent()) process.exit(3)
  const wanted = Number(process.env.REFLINE_PERCENT)
  state.blue = slot === 'blue' ? wanted : 100 - wanted
  state.seq = Number(process.env.REFLINE_SEQ)
}
if (verb !== 'read') writeFileSync(file, JSON.stringify(state))
console.log(JSON.stringify({ percent: percent(), ready: true, seq: state.seq }))
`

/**
 * A program called docker: an engine that keeps the images of its machine in HOME and pushes to a folder beside the program's own. As with the real one, what
 * is built again is another image, since the time of the build is in it.
 */
export const dockerScript = `#!/usr/bin/env node
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const [verb, ...argv] = process.argv.slice(2)
const images = join(process.env.HOME, 'images')
const registry = join(import.meta.dirname, '..', 'registry')
const all = name => argv.flatMap((word, index) => (argv[index - 1] === name ? [word] : []))
if (verb === 'version') console.log('29.0.0')
if (verb === 'build') {
  const context = argv.at(-1)
  const hash = createHash('sha256').update(JSON.stringify([all('--label'), process.hrtime.bigint().toString()]))
  const files = readdirSync(context, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  for (const path of files.map(entry => join(entry.parentPath, entry.name)).sort())
    hash.update(path.slice(context.length)).update(readFileSync(path))
  const id = 'sha256:' + hash.digest('hex')
  mkdirSync(images, { recursive: true })
  for (const tag of all('--tag')) writeFileSync(join(images, encodeURIComponent(tag)), id)
  writeFileSync(all('--iidfile')[0], id)
}
if (verb === 'push') {
  const name = encodeURIComponent(argv[0])
  const id = readFileSync(join(images, name), 'utf8')
  writeFileSync(join(registry, name), id)
  console.log('v1: digest: ' + id + ' size: 1')
}
`

/** Rules of a rollout that is over in seconds. */
export const quick = { tick: 1, settle: 0, max_duration: '10m' }

/** \`refline.yml\` of the scenario; with an environment where its target, the signal's URL and the judge's rules are given. */
export const configurationFile = (
  production: { readonly target: object; readonly signal: string; readonly judge: object } | null,
): string => `models:
  churn:
    task: binary
    train:
      command: [node, train.mjs]
      output: model.json
      data: [data.csv]
      params: params.yaml
    predictions:
      file: predictions.csv
      threshold: 0.5
    primary: roc_auc
    gates:
      roc_auc: { min: 0.6, max_drop: 0.02 }
      recall: { min: 0.5 }
${
  production === null
    ? ''
    : `environments:
  production:
    url: "https://\${model}.example/v\${version}"
    target: ${JSON.stringify(production.target)}
    steps: [50]
    judge: ${JSON.stringify(production.judge)}
    signals:
      errors: { kind: http, url: ${JSON.stringify(production.signal)} }
`
}`

/** Params of a model of this quality; 1.5 gives an ROC AUC of about 0.86, 3 about 0.98. */
export const params = (separation: number): string => `separation: ${separation}\n`
