import { routeIsLive } from './traffic-invariants.ts'
import type { World } from './world.ts'

type AtRest = (world: World) => string | null

/** I3: every acknowledged append is in the ledger still. */
const acknowledgedStay: AtRest = world => {
  for (const one of world.acknowledgements) {
    const problem = world.isThere(one)
    if (problem !== null) return problem
  }
  return null
}

/** A line of the log that was acknowledged is there once; one whose end is unknown at most once. */
const linesOnce: AtRest = world => {
  const lines = world.logLines()
  const twice = lines.find((key, index) => lines.indexOf(key) !== index)
  if (twice !== undefined) return `I2: the log of runs has ${twice} twice`
  const lost = world.loggedKeys.find(key => !lines.includes(key))
  return lost === undefined ? null : `I3: the log of runs lost ${lost}, which had been acknowledged`
}

const firstLine = (body: string): string => body.split('\n', 1)[0] ?? ''

/** I9: one comment for each marker. */
export const oneComment: AtRest = world => {
  const seen = new Set<string>()
  for (const { issue, body } of world.github.comments.values()) {
    const key = `${issue} ${firstLine(body)}`
    if (seen.has(key)) return `I9: pull request ${issue} has two comments with the marker ${firstLine(body)}`
    seen.add(key)
  }
  return null
}

/** I10: once a run is registered, nothing is left of its draft. */
export const noDraftOf = (world: World, run: string): string | null => {
  for (const { draft, name } of world.github.releases.values())
    if (draft && name.endsWith(run)) return `I10: ${name} is left behind although the run is registered`
  return null
}

/** What must hold at rest, whoever was abandoned. */
export const restInvariants: readonly AtRest[] = [acknowledgedStay, linesOnce]

/** What must hold once every abandoned job was run again without faults. */
export const reconciledInvariants: readonly AtRest[] = [
  acknowledgedStay,
  linesOnce,
  oneComment,
  world => routeIsLive(world.entries, world.target),
]
