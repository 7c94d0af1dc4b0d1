/**
 * Does `work` for every item, at most `most` of them at a time, in order of the list. After a failure nothing new is begun; what is under way is waited for, and
 * the first failure is thrown.
 */
export const atMost = async <T>(most: number, items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items]
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      try {
        await work(item)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, queue.length) }, worker))
  if (failures.length > 0) throw failures[0]
}
