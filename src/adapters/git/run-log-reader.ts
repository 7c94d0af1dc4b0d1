import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { RunLog } from '../../ports/run-log.ts'
import { readRef } from './compare-and-swap.ts'
import { temporaryRepository } from './repository.ts'

const line = z.object({
  key: z.string(),
  at: z.string(),
  writer: z.record(z.string(), z.unknown()),
  entry: z.record(z.string(), z.unknown()),
})

/** Reads the log of runs through git. Commits that hold no line of it are passed over. */
export const gitRunLog = (settings: {
  readonly remote: string
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly random: () => number
  readonly deadlineSeconds: number
  readonly temp?: string
}): RunLog => {
  const repository = temporaryRepository(settings)
  return {
    runs: async model => {
      const end = settings.clock.now() + settings.deadlineSeconds * 1000
      const tip = await readRef({ ...settings, repository }, `refs/refline/models/${model}/runs`, end)
      if (tip === null) return []
      const commits = (await repository.history(tip)).map(([id]) => id).toReversed()
      const texts = await repository.read(commits.map(id => `${id}:record.json`))
      return texts.flatMap(text => {
        try {
          return [line.parse(JSON.parse(text ?? ''))]
        } catch {
          return []
        }
      })
    },
  }
}
