import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

// `npm run bench -- <name> [arguments]` runs scripts/bench/<name>.ts

const folder = join(import.meta.dirname, 'bench')
const [name, ...rest] = process.argv.slice(2)
const names = readdirSync(folder)
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -'.ts'.length))
if (name === undefined || !names.includes(name) || !existsSync(join(folder, `${name}.ts`))) {
  console.error(`usage: npm run bench -- <${names.join(' | ')}>`)
  process.exitCode = 2
} else {
  process.argv = [process.execPath, join(folder, `${name}.ts`), ...rest]
  await import(`./bench/${name}.ts`)
}
