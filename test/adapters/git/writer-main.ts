import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { gitLedger } from '../../../src/adapters/git/ledger.ts'
import { registerEvent } from '../../core/lineage/events-for-tests.ts'
import type { Step, StepResult, WriterPlan } from './writers.ts'

// One writer in a process of its own. Its plan is the first argument. It says when it is ready, begins when told, and prints how each step ended.

const plan = JSON.parse(process.argv[2] ?? '{}') as WriterPlan
const ledger = gitLedger({
  remote: plan.remote,
  environment: {},
  writer: { actor: plan.name, workflow_run: '77', workflow: 'acme/churn/.github/workflows/train.yml@refs/heads/main', commit: null },
  release: '0.2.0',
  clock: { now: () => Date.now(), sleep: milliseconds => sleep(milliseconds) },
  random: Math.random,
  deadlineSeconds: plan.deadlineSeconds,
})

const written = async ({ kind, key }: Step): Promise<{ readonly outcome: string; readonly seq?: number }> => {
  if (kind === 'line') {
    const added = await ledger.log(plan.model, [{ key, entry: { writer: plan.name, auc: 0.9 } }])
    return { outcome: added === 1 ? 'appended' : `${added} new lines` }
  }
  const request = { id: `register:-:${key}:77`, subject: `register ${plan.model} ${key}` }
  const { outcome, seq } = await ledger.append(plan.model, request, state => ({ events: [registerEvent(state.versions + 1, plan.model)] }))
  return { outcome, seq }
}

const take = async (step: Step): Promise<StepResult> => {
  const began = Date.now()
  try {
    return { ...step, began, ...(await written(step)), ended: Date.now() }
  } catch (error) {
    process.exitCode = 1
    return { ...step, began, outcome: `error: ${error instanceof Error ? error.message : error}`, ended: Date.now() }
  }
}

console.log(JSON.stringify({ ready: true }))
const input = createInterface({ input: process.stdin })
await new Promise(resolve => input.once('line', resolve))
input.close()
for (const [index, step] of plan.steps.entries()) {
  // jobs of a sweep end here and there
  if (plan.pauseMilliseconds !== undefined) await sleep(plan.pauseMilliseconds * (index === 0 ? Math.random() : 0.5 + Math.random()))
  console.log(JSON.stringify(await take(step)))
}
