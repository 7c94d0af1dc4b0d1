import { expect, test } from 'vitest'
import { type RolloutStory, renderRolloutComment, renderRolloutIncident, rolloutMarker } from '../../../src/core/report/rollout.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'

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
  expect(text).toContain('| 5 % | 331 canary requests, 27 errors | ROLL BACK |')
  expect(text).toContain('[deployment](https://github.com/acme/churn/deployments/production)')
})

test('the incident issue names version, place, reason and what follows', () => {
  const { title, body } = renderRolloutIncident(story)
  expect(title).toBe('churn v3 was rolled back in production')
  expect(body).toContain('v3 may not go live again while it is quarantined')
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
