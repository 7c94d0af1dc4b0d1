import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'refline-e2e')

/** What the server needs and the sample model too; taken along, since a build has no network here. */
const packages = ['fastapi>=0.115', 'uvicorn>=0.32', 'joblib>=1.4', 'numpy>=1.26', 'scikit-learn>=1.5']

/** A small Debian with Python and pip, which installs from a folder of its own. Made once, kept as a tar file. */
const baseTree = async (): Promise<string> => {
  const tar = join(cache, 'python-base.tar')
  if (existsSync(tar)) return tar
  const tree = join(cache, 'python-base')
  await rm(tree, { recursive: true, force: true })
  await mkdir(dirname(tree), { recursive: true })
  const options = { timeout: 170_000, maxBuffer: 64 << 20 }
  await run('debootstrap', ['--variant=minbase', '--include=python3-pip,python-is-python3', 'bookworm', tree], options)
  const { stdout } = await run('chroot', [tree, 'python', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], options)
  const wheels = join(tree, 'wheels')
  const download = ['-m', 'pip', 'download', '-q', '-d', wheels, '--only-binary=:all:', '--python-version', stdout.trim(), ...packages]
  await run('python3', download, options)
  // The build of the image runs a plain `pip install`; the system's Python would refuse it, and nothing can be downloaded.
  await writeFile(join(tree, 'etc', 'pip.conf'), '[global]\nno-index = true\nfind-links = /wheels\nbreak-system-packages = true\n')
  // PIP_* of this machine would overrule the file.
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
  await run('chroot', [tree, 'pip', 'install', '-q', 'scikit-learn', 'joblib'], { ...options, env })
  for (const name of await readdir(join(tree, 'var', 'cache', 'apt', 'archives')))
    await rm(join(tree, 'var', 'cache', 'apt', 'archives', name), { recursive: true, force: true })
  await run('tar', ['-C', tree, '-cf', `${tar}.new`, '.'], options)
  await rename(`${tar}.new`, tar)
  await rm(tree, { recursive: true, force: true })
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
