import { describe, expect, it } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import { announce, environmentUrl, mirror } from '../../../src/actions/traffic/announce.ts'
import { liveReport } from '../../../src/actions/traffic/live-report.ts'
import type { RolloutStory } from '../../../src/core/report/rollout.ts'
import { heldTick } from '../../../src/core/report/rollout-tick.ts'
import type { Deployments } from '../../../src/ports/forge.ts'
import { lookAt, noon, signalAt } from '../../core/report/rollout-looks.ts'
import { Killed, trafficWorld, versionRecord } from '../../support/traffic-world.ts'

const story: RolloutStory = {
  model: 'cancer',
  environment: 'production',
  version: 3,
  live: 2,
  decision: 'rolled-back',
  reason: 'harm 1.8e26',
  quarantined: true,
  deploymentUrl: '',
}
const wanted = { plan: false, supersede: false, resume: false }
const told = { incident: 'rollout-1', comment: true }
const rollout = {
  model: 'cancer',
  environment: 'production',
  version: 3,
  from: 2,
  bars: { alpha: 0.01, beta: 0.05 },
  steps: ['5 %', '50 %'],
}

describe('what people are told at the end', () => {
  it('is in the job summary, in an incident that names the pull request, and in its comment that names the incident', async () => {
    const of = trafficWorld()
    const url = await announce({ ...of.ports, runUrl: 'https://github.test/acme/cancer/actions/runs/7' }, story, versionRecord(3), told)
    expect(url).toBe('https://github.test/issues/4')
    expect(of.incidents[0]?.body).toContain('The version came with pull request #43.')
    expect(of.incidents[0]?.body).toContain('[workflow run](https://github.test/acme/cancer/actions/runs/7)')
    expect([...of.comments.values()][0]).toContain('[incident](https://github.test/issues/4)')
    expect(of.summaries).toHaveLength(1)
  })

  it('is told elsewhere too where one of the places does not work', async () => {
    const of = trafficWorld()
    const ports = {
      ...of.ports,
      forge: { ...of.ports.forge, pullRequestOf: async () => Promise.reject(new Error('GitHub is away')) },
      summary: { ...of.ports.summary, rewrite: async () => Promise.reject(new Error('disk full')) },
    }
    expect(await announce(ports, story, { ...versionRecord(3), pull_request: null }, told)).toBe('https://github.test/issues/4')
    expect(of.lines).toEqual([
      'warning: writing the job summary did not work: disk full',
      'warning: the pull request that brought this version was not found: GitHub is away',
      'no pull request brought this version, so none is commented on',
    ])
  })
})

describe('the deployment that mirrors a rollout', () => {
  it('says each state with the page of the environment, and that others are superseded before it is said to be live', async () => {
    const calls: string[] = []
    const deployments: Deployments = {
      begin: async () => ({ id: 7, url: 'https://github.test/d' }),
      status: async (id, status, description, page) => void calls.push(`${id} ${status} ${description} ${page}`),
      isOver: async () => false,
      supersede: async (_, except) => void calls.push(`supersede all but ${except}`),
    }
    const of = trafficWorld()
    const mirrored = await mirror(
      { ...of.ports, deployments },
      { environment: 'production', key: 'a', commit: 'c'.repeat(40), description: 'cancer v3', page: 'https://cancer.example' },
    )
    await mirrored.queued('deploying')
    await mirrored.progress('5 %')
    await mirrored.live('proven')
    await mirrored.failed('harm')
    await mirrored.broken('no image')
    await mirrored.withdrawn('not proven')
    expect(calls).toEqual([
      '7 queued deploying https://cancer.example',
      '7 in_progress 5 % https://cancer.example',
      'supersede all but 7',
      '7 success proven https://cancer.example',
      '7 failure harm https://cancer.example',
      '7 error no image https://cancer.example',
      '7 inactive not proven https://cancer.example',
    ])
  })

  it.each([
    ['https://${model}.example/v${version}', 'https://cancer.example/v3'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['javascript:alert(1)', null],
    ['https://a b', null],
    [undefined, null],
  ])('the page %s is %s', (url, expected) => {
    expect(environmentUrl(url, { model: 'cancer', version: 3 })).toBe(expected)
  })
})

describe('what people are told while it goes on', () => {
  const begun = async (of: ReturnType<typeof trafficWorld>) =>
    liveReport(
      of.ports,
      await mirror(of.ports, { environment: 'production', key: 'a', commit: 'c'.repeat(40), description: 'cancer v3' }),
      rollout,
    )

  it('writes the summary anew at every weight and every look', async () => {
    const of = trafficWorld()
    const live = await begun(of)
    await live.weight(5, { step: 0, holder: { workflowRun: '77', url: null, heartbeat: noon } })
    await live.look(lookAt(60, 5, 'hold'))
    await live.look(lookAt(120, 5, 'promote'))
    expect(of.summaries).toHaveLength(3)
    expect(of.summaries.at(-1)).toContain('Plan: **5 %** → 50 % → 100 % (live is v2)')
    expect(of.summaries.at(-1)).toContain('Driven by workflow run 77')
    expect(of.summaries.at(-1)).toMatch(/12:01:00[\s\S]*12:02:00/)
    expect(live.ticks).toHaveLength(2)
  })

  it('tells the deployment at once what is new, and figures that have moved on every five minutes', async () => {
    const of = trafficWorld()
    const live = await begun(of)
    await live.weight(5)
    for (let minute = 1; minute <= 12; minute += 1) await live.look(lookAt(60 * minute, 5, 'hold', [signalAt({ proof: minute })]))
    await live.look(heldTick(5, noon + 780, 'the canary has 20 % of the traffic where 5 % were set'))
    await live.look(heldTick(5, noon + 840, 'the canary has 20 % of the traffic where 5 % were set'))
    await live.look(lookAt(900, 5, 'hold'), { waiting: 'approval of step 2 is waited for' })
    expect(of.said).toEqual([
      'in_progress: 5 % of the traffic',
      'in_progress: 5 % of the traffic, proof 1.0 of 20',
      'in_progress: 5 % of the traffic, proof 6.0 of 20',
      'in_progress: 5 % of the traffic, proof 11.0 of 20',
      'in_progress: 5 % of the traffic, hold: the canary has 20 % of the traffic where 5 % were set',
      'in_progress: 5 % of the traffic, approval of step 2 is waited for',
    ])
  })

  it('goes on where nobody can be told', async () => {
    const of = trafficWorld()
    const live = liveReport(
      { ...of.ports, summary: { ...of.ports.summary, rewrite: async () => Promise.reject(new Error('disk full')) } },
      await mirror(of.ports, { environment: 'production', key: 'a', commit: null, description: '' }),
      rollout,
    )
    await live.weight(5)
    await live.look(lookAt(60, 5, 'hold'))
    expect(of.lines).toEqual([
      'warning: writing the job summary did not work: disk full',
      'warning: writing the job summary did not work: disk full',
    ])
    expect(of.said).toEqual([])
  })
})

describe('a rollout whose runner died', () => {
  it('is told of with the looks of the runners before', async () => {
    const of = trafficWorld()
    await of.register(1, null)
    await canaryDeployHandler(of.ports, of.workflowRun('100'))({ version: 1, ...wanted })
    await of.register(2, 1)
    of.killAt((boundary, moment) => boundary === 'canary-intent' && moment === 'before' && of.percent.green === 5)
    await expect(canaryDeployHandler(of.ports, of.workflowRun('200'))({ version: 2, ...wanted })).rejects.toThrow(Killed)
    of.killAt(null)
    const looksIn = (text = ''): readonly string[] => text.match(/^\| \d\d:\d\d:\d\d \| 5 %/gm) ?? []
    const before = looksIn(of.summaries.at(-1))
    expect(before).not.toEqual([])
    of.summaries.length = 0
    await canaryDeployHandler(of.ports, of.workflowRun('200'))({ version: 2, ...wanted })
    expect(looksIn(of.summaries[0]).slice(0, before.length)).toEqual(before)
    const ended = of.summaries.at(-1) ?? ''
    expect(ended).toContain('### ✅ cancer v2 is live in production')
    expect(ended).toMatch(/\| harm \(of 100\) \| proof \(of 20\) \|/)
  })
})
