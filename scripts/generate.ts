import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { commands } from '../src/cli/commands.ts'
import { actionSpecs, root } from './actions.ts'
import { configurationSchema } from './generated/configuration-schema.ts'
import { resultSchema } from './generated/result-schema.ts'
import { actionsTable, actionYaml, between, commandsTable, dispatchModule, inputsTable, outputsTable } from './generated/texts.ts'

// Writes everything that follows from the specs and the configuration's schema. With --check nothing is written, and anything stale is an error.

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

const specs = await actionSpecs()
const files = new Map<string, string>()
const current = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '')

files.set('src/dispatch.ts', dispatchModule(specs))
files.set('refline.schema.json', `${JSON.stringify(configurationSchema(), null, 2)}\n`)
files.set('refline.result.schema.json', `${JSON.stringify(resultSchema(), null, 2)}\n`)
for (const spec of specs) {
  files.set(`actions/${spec.id}/action.yml`, actionYaml(spec))
  const readme = `actions/${spec.id}/README.md`
  const prose =
    current(readme) ||
    `# ${spec.name}\n\n${spec.description}\n\n<!-- inputs:start -->\n<!-- inputs:end -->\n\n<!-- outputs:start -->\n<!-- outputs:end -->\n`
  files.set(readme, between(between(prose, 'inputs', inputsTable(spec), readme), 'outputs', outputsTable(spec), readme))
}
const front = current('README.md')
if (front !== '')
  files.set(
    'README.md',
    between(between(front, 'actions', actionsTable(specs), 'README.md'), 'commands', commandsTable(commands), 'README.md'),
  )

const stale = [...files].filter(([path, text]) => current(path) !== text)
if (values.check) {
  for (const [path] of stale) console.error(`${path} is stale: run \`npm run generate\``)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  console.log(`${files.size} files generated, ${stale.length} of them changed`)
}
