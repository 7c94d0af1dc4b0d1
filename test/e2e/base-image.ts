import { type ExecFileOptions, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'refline-e2e')

/** Only root can make a tree that it changes its root to; where the tests run as somebody else, sudo must do it without asking. */
const asRoot = (argv: readonly string[], options: ExecFileOptions = {}) => {
  const [program = '', ...rest] = process.getuid?.() === 0 ? argv : ['sudo', '-n', ...argv]
  return run(program, rest, { timeout: 170_000, maxBuffer: 64 << 20, ...options, encoding: 'utf8' })
}

/** What the server needs and the sample model too; taken along, since a build has no network here. */
const packages = ['fastapi>=0.115', 'uvicorn>=0.32', 'joblib>=1.4', 'numpy>=1.26', 'scikit-learn>=1.5']

/** A small Debian with Python and pip, which installs from a folder of its own. Made once, kept as a tar file. */
const baseTree = async (): Promise<string> => {
  const tar = join(cache, 'python-base.tar')
  if (existsSync(tar)) return tar
  const tree = join(cache, 'python-base')
  const wheels = join(cache, 'wheels')
  await asRoot(['rm', '-rf', tree])
  await rm(wheels, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })
  await asRoot(['debootstrap', '--variant=minbase', '--include=python3-pip,python-is-python3', 'bookworm', tree])
  const { stdout } = await asRoot(['chroot', tree, 'python', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
  const download = ['-m', 'pip', 'download', '-q', '-d', wheels, '--only-binary=:all:', '--python-version', stdout.trim(), ...packages]
  await run('python3', download, { timeout: 170_000 })
  await asRoot(['mv', wheels, join(tree, 'wheels')])
  // The build of the image runs a plain `pip install`; the system's Python would refuse it, and nothing can be downloaded.
  const settings = join(cache, 'pip.conf')
  await writeFile(settings, '[global]\nno-index = true\nfind-links = /wheels\nbreak-system-packages = true\n')
  await asRoot(['mv', settings, join(tree, 'etc', 'pip.conf')])
  // PIP_* of this machine would overrule the file.
  const clean = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root']
  await asRoot(['chroot', tree, ...clean, 'pip', 'install', '-q', 'scikit-learn', 'joblib'])
  await asRoot(['rm', '-rf', join(tree, 'var', 'cache', 'apt', 'archives')])
  await asRoot(['tar', '-C', tree, '-cf', `${tar}.new`, '.'])
  await rename(`${tar}.new`, tar)
  await asRoot(['rm', '-rf', tree])
  return tar
}

/** Gives the engine a base image without pulling one. Returns its name. */
export const importBaseImage = async (): Promise<string> => {
  const name = 'refline-e2e-python:1'
  await run('docker', ['import', await baseTree(), name], { timeout: 120_000 })
  return name
}

/** Trains a model with scikit-learn in the base image and writes it as the build context's `model/model.joblib`. */
export const trainInside = async (base: string, folder: string): Promise<void> => {
  const program = [
    'import io, sys, joblib',
    'from sklearn.linear_model import LogisticRegression',
    'file = io.BytesIO()',
    'joblib.dump(LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]), file)',
    'sys.stdout.buffer.write(file.getvalue())',
  ].join('\n')
  const child = spawn('docker', ['run', '--rm', '--network', 'none', base, 'python', '-c', program], { timeout: 60_000 })
  const parts: Buffer[] = []
  let errors = ''
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString()
  })
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`training in the base image failed: ${errors}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.joblib'), Buffer.concat(parts))
}
