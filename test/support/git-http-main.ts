import { delayByChance, faultsByChance } from './git-chance.ts'
import { startGitHttp } from './git-http.ts'
import type { GitServerPlan } from './git-http-process.ts'

// A git server in a process of its own. Its plan is the first argument; it prints its URL and, when its input ends, what it has counted.

const plan = JSON.parse(process.argv[2] ?? '{}') as GitServerPlan
const choose = faultsByChance(plan.seed, plan.chances)
let faults = 0
const server = await startGitHttp(plan.root, {
  faults: request => {
    const fault = choose(request)
    if (fault !== null) faults += 1
    return fault
  },
  ...(plan.delay === undefined ? {} : { delay: delayByChance(plan.seed, plan.delay) }),
})
console.log(JSON.stringify({ url: server.url }))
process.stdin.resume()
process.stdin.once('end', async () => {
  await server.close()
  const pushes = server.requests.filter(({ service, step }) => service === 'git-receive-pack' && step === 'exchange').length
  console.log(JSON.stringify({ requests: server.requests.length, pushes, faults }))
})
