import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runToEnd } from './children.ts'

/** What a person has to install before the demo can run. */
export class MissingTool extends Error {}

const programs = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11']

const findPython = async ([major, minor]: readonly [number, number]): Promise<string> => {
  for (const program of programs) {
    const asked = await runToEnd(program, ['-c', `import sys; sys.exit(0 if sys.version_info >= (${major}, ${minor}) else 1)`], {
      seconds: 20,
    })
    if (asked.code === 0) return program
  }
  throw new MissingTool(
    `Real models are trained and computed with: needs Python ${major}.${minor} or newer with its \`venv\` module; install python3 and python3-venv.`,
  )
}

/** A Python environment with the project's requirements, made once and kept below `cache`. `named` is a library whose version is told with Python's. */
export const pythonEnvironment = async (
  cache: string,
  requirements: string,
  least: readonly [number, number] = [3, 9],
  named: string = 'scikit-learn',
): Promise<{ readonly bin: string; readonly version: string }> => {
  const python = await findPython(least)
  const key = createHash('sha256').update(readFileSync(requirements)).update(python).digest('hex').slice(0, 12)
  const folder = join(cache, `python-${key}`)
  const ready = join(folder, 'ready')
  if (!existsSync(ready)) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(dirname(folder), { recursive: true })
    const made = await runToEnd(python, ['-m', 'venv', folder])
    if (made.code !== 0) throw new MissingTool(`Python cannot make an environment: install python3-venv.\n${made.output}`)
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
    const installed = await runToEnd(join(folder, 'bin', 'python'), pip, { seconds: 200 })
    if (installed.code !== 0) throw new MissingTool(`${named} could not be installed with pip:\n${installed.output}`)
    await mkdir(`${ready}.new`)
    await rename(`${ready}.new`, ready)
  }
  const bin = join(folder, 'bin')
  const asked = await runToEnd(join(bin, 'python'), [
    '-c',
    'import platform, sys; from importlib.metadata import version as of; print(f"Python {platform.python_version()} with {sys.argv[1]} {of(sys.argv[1])}")',
    named,
  ])
  if (asked.code !== 0) {
    await rm(folder, { recursive: true, force: true })
    throw new MissingTool(`The Python environment does not work and was removed; run the demo again.\n${asked.output}`)
  }
  return { bin, version: asked.output.trim() }
}
