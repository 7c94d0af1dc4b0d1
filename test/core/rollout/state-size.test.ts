import { expect, it } from 'vitest'
import { byteLength, canonicalJson } from '../../../src/core/lineage/canonical.ts'
import type { LedgerState } from '../../../src/core/lineage/events.ts'
import { stateLimit, trimmed } from '../../../src/core/lineage/limits.ts'
import type { JudgeSettings, JudgeState } from '../../../src/core/rollout/judge-state.ts'
import { counts, errors, judged, poissonBy, seeded, settingsOf } from './judging.ts'

const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const shares = [0.8, 0.6, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.004]

/** What is known after `looks` looks at `latency` histograms and `plain` signals of a busy service. */
const evidenceOf = (latency: number, plain: number, looks = 40): { readonly settings: JudgeSettings; readonly judge: JudgeState } => {
  const names = (many: number, kind: string) => Array.from({ length: many }, (_, at) => `${kind}-of-endpoint-${at}`)
  const [slow, others] = [names(latency, 'latency'), names(plain, 'errors')]
  const seen = { between: 123_456.123456, events: 123_456, squared: 1_234_567_890 }
  const settings = settingsOf({ signals: Object.fromEntries([...slow, ...others].map(name => [name, { ...errors, breaker: 1, seen }])) })
  const draw = poissonBy(seeded(latency + plain))
  const [canary, stable] = [3000, 57_000]
  const batch = () => ({
    ...Object.fromEntries(others.map(name => [name, counts(canary, draw(30), stable, draw(570))])),
    ...Object.fromEntries(
      slow.map(name => {
        const slower = shares.map((share, at) => ({ edge: edges[at] ?? 0, canary: draw(canary * share), stable: draw(stable * share) }))
        return [name, { ...counts(canary, slower[5]?.canary ?? 0, stable, slower[5]?.stable ?? 0), slower }]
      }),
    ),
  })
  return { settings, judge: judged(settings, Array.from({ length: looks }, batch)).state }
}

/** A ledger that is full of everything else, with such a rollout in each of several environments. */
const ledgerOf = (latency: number, plain: number, environments: number): LedgerState => {
  const sha = 'a'.repeat(64)
  const { settings, judge } = evidenceOf(latency, plain)
  const [at, version] = [1_794_000_000.123, 500]
  const rollout: NonNullable<LedgerState['environments'][string]['rollout']> = {
    rollout: 'a'.repeat(12),
    version,
    from: 499,
    canary: 'blue',
    steps: [5, 10, 25, 50],
    step: 1,
    percent: 10,
    intent: null,
    until: at,
    settings,
    judge,
    judgement: 'hold: latency-of-endpoint-0 is not proven acceptable yet: 12.3 of 20',
    since: 3000,
    holder: '12345678901',
    begun: at,
    reached: at,
    changes: [at, at],
    heard: at,
  }
  const history = Array.from({ length: 10 }, (_, index) => ({ version: 498 - index, slot: null }))
  const asset = (index: number) => ({ name: `model-file-${index}.joblib`, sha256: sha, bytes: 123_456 })
  const record = (of: number): LedgerState['records'][string] =>
    ({
      version: of,
      tag: `fraud-v${of}`,
      sha256: sha,
      assets: Array.from({ length: 5 }, (_, index) => asset(index)),
      commit: 'c'.repeat(40),
      pull_request: null,
      image: null,
      data: null,
      code: null,
      attestation: null,
      metrics: [],
    }) as unknown as LedgerState['records'][string]
  return {
    schema: 2,
    model: 'fraud',
    seq: 4000,
    head: sha,
    versions: version,
    aliases: { champion: 499 },
    environments: Object.fromEntries(
      Array.from({ length: environments }, (_, index) => [
        `production-${index}`,
        { live: { version: 499, slot: 'green' }, history, rollout, move: null },
      ]),
    ),
    records: Object.fromEntries([500, 499, 498].map(of => [of, record(of)])),
    quarantine: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index + 1, 'its precision was too low; '.repeat(20)])),
    requests: Array.from({ length: 2000 }, (_, index) => ['0123456789abcdef', index + 1000, 20_000]),
    ticks: Array.from({ length: 64 }, (_, index) => ['0123456789abcdef', index + 3000]),
  }
}

// [latency signals, other signals, environments that have a rollout at the same time]
it.each([
  [3, 2, 1],
  [5, 0, 1],
  [7, 3, 1],
  [2, 1, 2],
  [1, 1, 3],
])('a ledger that is full holds the evidence of %s latency and %s other signals in %s environments', (latency, plain, environments) => {
  const kept = trimmed(ledgerOf(latency, plain, environments))
  expect(byteLength(canonicalJson(kept))).toBeLessThanOrEqual(stateLimit)
  expect(kept.requests.length).toBeGreaterThanOrEqual(100)
  expect(Object.keys(kept.quarantine)).toHaveLength(100)
})
