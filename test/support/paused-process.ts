import { readdir, readFile } from 'node:fs/promises'
import { eventually } from './eventually.ts'

/** Stops a process as SIGSTOP does, or lets it go on, and returns once each of its threads has seen it. */
export const pauseOrGoOn = async (pid: number, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
  process.kill(pid, signal)
  await eventually(`process ${pid} after ${signal}`, async () => {
    const threads = await readdir(`/proc/${pid}/task`)
    // The state is the letter behind the program's name in brackets.
    const states = await Promise.all(
      threads.map(async thread => /\) (\w)/.exec(await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8'))?.[1]),
    )
    return states.every(state => (state === 'T') === (signal === 'SIGSTOP'))
  })
}
