import { expect, test } from 'vitest'
import { type RolloutStory, renderRolloutComment, renderRolloutIncident, rolloutMarker } from '../../../src/core/report/rollout.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'
import { lookAt, signalAt } from './rollout-looks.ts'

const story: RolloutStory = {
  model: 'churn',
  environment: 'production',
  version: 3,
  live: 2,
  decision: 'rolled-back',
  reason: 'canary 27/331 errors, stable 0/6287, harm 1.8e26',
  quarantined: true,
  deploymentUrl: 'https://github.com/acme/churn/deployments/production',
  ticks: [{ percent: 5, evidence: '331 canary requests, 27 errors', followed: 'ROLL BACK' }],
}

test.each([
  [{ decision: 'rolled-back' as const }, '### ❌ churn v3 was rolled back in production and is quarantined: all traffic is on v2'],
  [{ decision: 'promoted' as const, quarantined: false, live: 3 }, '### ✅ churn v3 is live in production'],
  [{ decision: 'withdrawn' as const, quarantined: false }, '### ⚠️ churn v3 was withdrawn from production undecided: all traffic is on v2'],
  [
    { decision: 'withdrawn' as const, quarantined: false, live: null },
    '### ⚠️ churn v3 was withdrawn from production undecided: nothing is live',
  ],
])('%o is said in words', (change, headline) => {
  expect(renderRolloutComment({ ...story, ...change }).split('\n')[0]).toBe(headline)
})

test('it gives the reason, the evidence and the deployment', () => {
  const text = renderRolloutComment(story)
  expect(text).toContain('Why: canary 27/331 errors, stable 0/6287, harm 1.8e26')
  expect(text).toContain('331 canary requests, 27 errors: ROLL BACK |')
  expect(text).toContain('[deployment](https://github.com/acme/churn/deployments/production)')
})

test('the incident issue names version, place, reason and what follows', () => {
  const { title, body } = renderRolloutIncident(story)
  expect(title).toBe('churn v3 was rolled back in production')
  expect(body).toContain('v3 may not go live again while it is quarantined')
})

test('both carry the evidence: how each signal stands, and folded all looks', () => {
  const bad = signalAt({ bad: 27, harm: 1.8e26, proof: 1e-9, state: 'unhealthy' })
  const judged = {
    ...story,
    bars: { alpha: 0.01, beta: 0.05 },
    ticks: [lookAt(60, 5, 'hold'), lookAt(120, 5, 'rollback', [bad])],
  }
  for (const text of [renderRolloutComment(judged), renderRolloutIncident(judged).body]) {
    expect(text).toContain('| signal | canary, bad | stable, bad | harm (of 100) | proof (of 20) | state |')
    expect(text).toContain('| errors | 27 of 331 | 0 of 6,287 | 1.8e26 | almost 0 | ❌ unhealthy |')
    expect(text).toContain('<details><summary>2 looks</summary>')
    expect(text).toContain('xychart-beta')
    expect(rendered(text)).toContain('<td align="right">12:02:00</td>')
  }
})

test('the incident says how to go on, how to release the quarantine, and where it came from', () => {
  const { body } = renderRolloutIncident({ ...story, pullRequest: 42, runUrl: 'https://github.test/acme/churn/actions/runs/7' })
  expect(body).toContain('The version came with pull request #42.')
  expect(body).toContain('- Roll forward: merge the correction.')
  expect(textOf(rendered(body))).toContain('refline release v3 --model churn --reason "..."')
  expect(body).toContain('[workflow run](https://github.test/acme/churn/actions/runs/7) · [deployment]')
  const kept = renderRolloutIncident({ ...story, quarantined: false }).body
  expect(kept).toContain('- v3 is not quarantined: run its release job again')
  expect(kept).not.toContain('refline release')
})

test('the comment leads to the incident', () => {
  expect(renderRolloutComment({ ...story, issueUrl: 'https://github.test/acme/churn/issues/4' })).toContain(
    '[incident](https://github.test/acme/churn/issues/4)',
  )
})

test('a reason from anywhere is text', () => {
  const evil = '@alice <img src=x> ![x](http://evil.test) | #1'
  for (const text of [
    renderRolloutComment({ ...story, reason: evil, deploymentUrl: evil }),
    renderRolloutIncident({ ...story, reason: evil, deploymentUrl: '' }).body,
  ]) {
    const html = rendered(text)
    expect(elements(html).filter(name => ['a', 'img'].includes(name))).toEqual([])
    expect(textOf(html)).not.toMatch(/@alice|#1|:\/\//)
  }
})

test('a model in an environment has its own marker', () => {
  expect(rolloutMarker(story)).toBe('<!-- refline-incident churn production -->')
})
