import { UserError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { readServed } from './status.ts'
import { readStored, replaceStored, whileLocked } from './stored-file.ts'
import { parseWeights, renderWeights, type Split, type Told, type WeightsFile } from './weights-file.ts'

/** One nginx as refline.yml names it. */
export interface NginxInstanceSettings {
  readonly file: string
  readonly status: URL
  /** Runs the user's command that tests the configuration, or the one that reloads it. Throws a UserError where it fails. */
  readonly test: () => Promise<void>
  readonly reload: () => Promise<void>
}

/** What one instance shows at one look. */
export interface Look {
  /** What its workers serve by. */
  readonly served: Told
  readonly stored: WeightsFile
  /** Where the file is the one that was installed, never told anything: since when (seconds since 1970). */
  readonly installed: number | null
}

export interface Written {
  readonly changed: boolean
  undo(): Promise<void>
}

export interface Instance {
  readonly file: string
  look(): Promise<Look>
  /** The newest seq that the workers or the file show; 0 where neither answers, so that traffic can be given back from any state. */
  newestSeq(): Promise<number>
  /**
   * Puts other weights into the file. `assert` judges what stands there (null: nothing that Refline could read), at a moment when no other runner writes, and
   * throws where it must stay. Returns whether it was changed, and what puts the old file back where nobody has changed it since.
   */
  write(told: Told, assert: (stored: WeightsFile | null) => void): Promise<Written>
  test(): Promise<void>
  /** Reloads, unless nothing was changed and these weights are served already. */
  reload(told: Told, changed: boolean): Promise<void>
  /** Returns once all workers that accept connections serve by these weights. Throws a UserError that says what they serve by instead. */
  untilServed(told: (served: Told) => string | null): Promise<void>
}

/** New workers accept connections a tenth of a second before the old ones are told to stop. So long, and so often, no old one may answer. */
const settledMilliseconds = 150
const settledAnswers = 6

/** Blue's share: the file's where somebody edited that by hand, since the next reload serves it, else what the workers serve by. */
export const shareOfLook = ({ served, stored }: Look): number =>
  stored.blueHundredths === stored.told.blueHundredths ? served.blueHundredths : stored.blueHundredths

/** An instance; `seconds` is how long an answer may take, and how long a reload. */
export const instanceOf = (settings: NginxInstanceSettings, split: Split, seconds: number, clock: Clock): Instance => {
  const { file, status } = settings
  const parse = (text: string) => parseWeights(text, split.slots, file)
  const parsed = (text: string): WeightsFile | null => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof UserError) return null
      throw error
    }
  }
  return {
    file,
    look: async () => {
      const [served, found] = await Promise.all([readServed(status, seconds), readStored(file)])
      if (found === null) throw new UserError(`there is no ${file}: put there what docs/targets.md shows, so that nginx includes it`)
      const stored = parse(found.text)
      return { served, stored, installed: stored.told.seq === 0 ? found.changed : null }
    },
    newestSeq: async () => {
      const seqs = await Promise.allSettled([
        readServed(status, seconds).then(({ seq }) => seq),
        readStored(file).then(found => parse(found?.text ?? '').told.seq),
      ])
      return Math.max(0, ...seqs.flatMap(seq => (seq.status === 'fulfilled' ? [seq.value] : [])))
    },
    write: (told, assert) =>
      whileLocked(file, seconds, clock, async () => {
        const before = await readStored(file)
        assert(before === null ? null : parsed(before.text))
        const text = renderWeights(split, told)
        if (before?.text === text) return { changed: false, undo: async () => undefined }
        await replaceStored(file, text)
        return {
          changed: true,
          undo: () =>
            whileLocked(file, seconds, clock, async () => {
              if (before !== null && (await readStored(file))?.text === text) await replaceStored(file, before.text)
            }),
        }
      }),
    test: settings.test,
    reload: async ({ seq, blueHundredths }, changed) => {
      const served = changed ? null : await readServed(status, seconds)
      if (served?.seq !== seq || served.blueHundredths !== blueHundredths) await settings.reload()
    },
    untilServed: async missing => {
      const deadline = clock.now() + seconds * 1000
      let [since, answers] = [clock.now(), 0]
      for (;;) {
        const words = missing(await readServed(status, seconds))
        if (words === null) answers += 1
        else {
          if (clock.now() >= deadline) throw new UserError(`nginx for ${file} ${words}`)
          answers = 0
        }
        if (answers <= 1) since = clock.now()
        if (answers >= settledAnswers && clock.now() - since >= settledMilliseconds) return
        await clock.sleep(20)
      }
    },
  }
}
