/** What kind of damage a finding is, and so what is to be done about it. */
export type FindingKind =
  /** Commits that a witness has seen are no longer in the ledger. */
  | 'rewritten'
  | 'dropped'
  | 'reordered'
  | 'replayed'
  /** A record, a state or evidence is not what it was when the next one was written. */
  | 'edited'
  /** Not written by Refline, or not by the workflow run that it names. */
  | 'forged'
  /** An event that the rules do not allow at its place. */
  | 'refused'
  | 'newer'
  | 'gone'
  | 'clock'
  | 'tag'
  | 'files'
  | 'half-finished'

/** One thing that is wrong with a ledger or its releases. */
export interface Finding {
  readonly kind: FindingKind
  /** Only errors make a verification fail. */
  readonly severity: 'error' | 'warning'
  readonly sentence: string
  /** The first seq that is concerned, where there is one. */
  readonly seq: number | null
  /** Since when, as the ledger's own dates or those of releases tell it. */
  readonly since: string | null
  /** What it is about: `seq 12`, `v3`, the tag of a release. */
  readonly subject: string
}

const compare = 'decide nothing from this ledger until it was compared with a clone or a backup (`refline verify --against`)'
const advice: Readonly<Record<FindingKind, string>> = {
  rewritten: `${compare}; the commits that a tag still holds can be put back by whoever may push`,
  dropped: compare,
  reordered: compare,
  replayed: compare,
  edited: compare,
  forged: 'ask who pushed it, take the right to push from where it came, and compare with a backup (`refline verify --against`)',
  refused: compare,
  newer: 'use the release of Refline that is named, in every workflow',
  gone: 'put it back from a backup with `refline restore <bundle> --apply`, or from a clone',
  clock: 'look at the clocks of the machines that wrote it; nothing else follows from it',
  tag: 'put the tag back on the commit that is named, and let a rule of the repository protect `refline/*` tags',
  files: 'never deploy this version; register its model anew, or put the files back from where they were copied to',
  'half-finished': 'see what `refline repair` proposes',
}

/** What to do about findings of a kind: the end of a sentence. */
export const adviceFor = (kind: FindingKind): string => advice[kind]

/** The first twelve characters of a commit or digest. */
export const short = (id: string): string => id.slice(0, 12)
