/** Waits until `condition` is true, asked every 20 ms; what it throws counts as not yet. Throws with `what` after the time. */
export const eventually = async (
  what: string | (() => string),
  condition: () => Promise<boolean> | boolean,
  seconds = 10,
): Promise<void> => {
  let last: unknown
  for (const end = Date.now() + seconds * 1000; ; ) {
    try {
      if (await condition()) return
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${typeof what === 'string' ? what : what()}: not within ${seconds} s`, { cause: last })
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
