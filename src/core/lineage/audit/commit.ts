/** A commit as git stores it. */
export interface RawCommit {
  /** `name <mail> seconds zone`. */
  readonly author: string
  readonly committer: string
  readonly message: string
  /** Headers that Refline does not write, such as `gpgsig` or `encoding`. */
  readonly extra: readonly string[]
}

const ours: ReadonlySet<string> = new Set(['tree', 'parent', 'author', 'committer'])

/** Reads the text of a commit object; missing headers are empty. */
export const parseCommit = (text: string): RawCommit => {
  const end = text.indexOf('\n\n')
  const headers = (end < 0 ? text : text.slice(0, end)).split('\n').filter(line => !line.startsWith(' '))
  const value = (name: string): string => headers.find(line => line.startsWith(`${name} `))?.slice(name.length + 1) ?? ''
  return {
    author: value('author'),
    committer: value('committer'),
    message: end < 0 ? '' : text.slice(end + 2),
    extra: headers.map(line => line.split(' ', 1)[0] ?? '').filter(name => !ours.has(name)),
  }
}

/** Splits `name <mail> seconds zone` into the identity, the seconds since 1970 (NaN where there are none) and the zone. */
export const parseSignature = (signature: string): { readonly identity: string; readonly seconds: number; readonly zone: string } => {
  const match = /^(.*>) (\d{1,12}) ([+-]\d{4})$/.exec(signature)
  if (match === null) return { identity: signature, seconds: Number.NaN, zone: '' }
  return { identity: match[1] ?? '', seconds: Number(match[2]), zone: match[3] ?? '' }
}
