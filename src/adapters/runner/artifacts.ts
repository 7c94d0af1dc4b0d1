import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import type { RunArtifacts } from '../../ports/run-artifacts.ts'

/**
 * Workflow artifacts through the service that the runner names in `ACTIONS_RESULTS_URL`. Where it names none (a laptop, Enterprise Server) nothing is
 * available, and nothing of the client is loaded.
 */
export const runArtifacts = (environment: Readonly<Record<string, string | undefined>>): RunArtifacts => {
  const available = Boolean(environment.ACTIONS_RUNTIME_TOKEN) && Boolean(environment.ACTIONS_RESULTS_URL)
  const client = async () => {
    if (!available) throw new UserError('there is no artifact service here: ACTIONS_RUNTIME_TOKEN and ACTIONS_RESULTS_URL are not set')
    const { DefaultArtifactClient } = await import('@actions/artifact')
    return new DefaultArtifactClient()
  }
  return {
    available,
    upload: async (name, folder) => {
      const service = await client()
      const entries = await readdir(folder, { withFileTypes: true, recursive: true })
      const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
      const { artifacts } = await service.listArtifacts()
      // A name is taken for ever within a workflow run, and a repeat of this job makes the same one.
      if (artifacts.some(artifact => artifact.name === name)) await service.deleteArtifact(name)
      await service.uploadArtifact(name, files.sort(), folder, { compressionLevel: 1 })
    },
    list: async prefix => {
      const { artifacts } = await (await client()).listArtifacts({ latest: true })
      return artifacts.map(({ id, name }) => ({ id, name })).filter(({ name }) => name.startsWith(prefix))
    },
    download: async (name, folder) => {
      const service = await client()
      const { artifact } = await service.getArtifact(name)
      const answer = await service.downloadArtifact(artifact.id, {
        path: folder,
        ...(artifact.digest === undefined ? {} : { expectedHash: artifact.digest }),
      })
      if (answer.digestMismatch === true)
        throw new UserError(`artifact ${name} arrived with another digest than the service has for it; run the job again`)
    },
  }
}
