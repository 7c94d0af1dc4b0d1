import { z } from 'zod'
import type { Slot } from '../../core/lineage/events.ts'
import { type Operation, pointer } from './patch.ts'
import type { HttpRoute } from './route.ts'
import type { Weights } from './weights.ts'

const names = { seq: 'refline.dev/seq', weights: 'refline.dev/weights', withdrawn: 'refline.dev/withdrawn' } as const

/** A backend that `restore` took out of a rule with sessions, so that none of them leads there any more. `ref` is put back by the next step up. */
export interface Withdrawn {
  readonly rule: number
  readonly ref: Readonly<Record<string, unknown>>
}

/** What Refline last wrote, held by the route itself as annotations, changed by the same patch as the weights. */
export interface Marks {
  readonly seq: number | null
  /** The Services and their weights as they were written; null where nothing was, or where it cannot be read. */
  readonly weights: { readonly services: Readonly<Record<Slot, string>>; readonly weights: Weights } | null
  readonly withdrawn: readonly Withdrawn[]
}

const writtenWeights = /^([^=\s]+)=(\d{1,7}) ([^=\s]+)=(\d{1,7})$/
const withdrawnList = z.array(z.object({ rule: z.int().min(0).max(1000), ref: z.looseObject({ name: z.string() }) }))

const withdrawnOf = (text: string | undefined): readonly Withdrawn[] => {
  if (text === undefined) return []
  try {
    return withdrawnList.parse(JSON.parse(text))
  } catch {
    // Somebody wrote over it: then nothing is known to be withdrawn, and the rule is taken as it is.
    return []
  }
}

/** Reads the annotations; what somebody has spoilt counts as not there, since the weights themselves are looked at anyway. */
export const marksOf = (route: HttpRoute): Marks => {
  const annotations = route.metadata.annotations ?? {}
  const seq = annotations[names.seq]
  const [, blue, blueWeight, green, greenWeight] = writtenWeights.exec(annotations[names.weights] ?? '') ?? []
  return {
    seq: seq !== undefined && /^\d{1,15}$/.test(seq) ? Number(seq) : null,
    weights:
      blue === undefined || green === undefined
        ? null
        : { services: { blue, green }, weights: { blue: Number(blueWeight), green: Number(greenWeight) } },
    withdrawn: withdrawnOf(annotations[names.withdrawn]),
  }
}

/** The operations that leave the annotations as given; none where they are so already. */
export const markOperations = (
  route: HttpRoute,
  services: Readonly<Record<Slot, string>>,
  marks: { readonly seq: number; readonly weights: Weights; readonly withdrawn: readonly Withdrawn[] },
): readonly Operation[] => {
  const wanted: Readonly<Record<string, string | undefined>> = {
    [names.seq]: String(marks.seq),
    [names.weights]: `${services.blue}=${marks.weights.blue} ${services.green}=${marks.weights.green}`,
    [names.withdrawn]: marks.withdrawn.length === 0 ? undefined : JSON.stringify(marks.withdrawn),
  }
  const { annotations } = route.metadata
  const operations: Operation[] = []
  for (const [name, value] of Object.entries(wanted)) {
    if (annotations?.[name] === value) continue
    const path = pointer('metadata', 'annotations', name)
    operations.push(value === undefined ? { op: 'remove', path } : { op: 'add', path, value })
  }
  if (annotations === undefined && operations.length > 0)
    operations.unshift({ op: 'add', path: pointer('metadata', 'annotations'), value: {} })
  return operations
}
