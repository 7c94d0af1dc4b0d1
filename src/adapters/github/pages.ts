import { UserError } from '../../core/errors.ts'

/** The items of the first `most` pages of an answer: for what is looked for among the newest, and may be missed. */
export const firstPages = async <T>(pages: AsyncIterable<{ readonly data: readonly T[] }>, most: number): Promise<readonly T[]> => {
  const items: T[] = []
  let read = 0
  for await (const { data } of pages) {
    items.push(...data)
    read += 1
    if (read === most) break
  }
  return items
}

/** All items of a paged answer, from at most `most` pages: an answer that never ends is an error and not a part of the truth. */
export const allPages = async <T>(
  pages: AsyncIterable<{ readonly data: readonly T[] }>,
  what: string,
  most = 200,
): Promise<readonly T[]> => {
  const items: T[] = []
  let read = 0
  for await (const { data } of pages) {
    read += 1
    if (read > most) throw new UserError(`GitHub lists more than ${most} pages of ${what}; that is more than can be searched`)
    items.push(...data)
  }
  return items
}
