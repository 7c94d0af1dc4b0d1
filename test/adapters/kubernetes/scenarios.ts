import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../support/kubernetes/json-patch.ts'
import { deploymentStatus, endpointSliceObject, paths, services, twoRules } from '../../support/kubernetes/objects.ts'
import type { GatewayWorld, GatewayWorldOptions } from '../../support/kubernetes/world.ts'

/** Makes a world at the API server that the scenarios are for. */
export type MakeWorld = (
  options?: Pick<GatewayWorldOptions, 'rules' | 'bare'> & {
    readonly without?: { readonly verb: 'get' | 'list' | 'patch'; readonly plural: string }
  },
) => Promise<GatewayWorld>

const release = { model: 'churn', version: 2, image: 'registry.invalid/churn@sha256:0', files: null }
const headerRule = (name: string, service: string): JsonObject => ({
  name,
  matches: [{ headers: [{ name: 'x-model', value: name }] }],
  backendRefs: [{ name: service, port: 8080 }],
})
const mirrorTo = (service: string): JsonObject => ({ type: 'RequestMirror', requestMirror: { backendRef: { name: service, port: 8080 } } })

/** What happens around a route, the same at the double and at a real API server. */
export const gatewayScenarios = (name: string, makeWorld: MakeWorld, seconds: number): void => {
  const scenario = (title: string, body: () => Promise<void>) => it(title, body, seconds * 1000)

  describe(`scenarios of the Gateway API: ${name}`, () => {
    scenario('every rule that names both Services is moved, zeros written out, and what was written stands beside it', async () => {
      await using world = await makeWorld({ rules: [...twoRules, headerRule('beta', services.green)] })
      const target = world.target()
      await target.set('green', 5, 0, 7)
      expect(await world.weights()).toEqual([['churn-blue=95', 'churn-green=5'], ['churn-green=5', 'churn-blue=95'], ['churn-green=1']])
      expect(await world.annotations()).toMatchObject({ 'refline.dev/seq': '7', 'refline.dev/weights': 'churn-blue=95 churn-green=5' })
      await target.set('green', 12.5, 5, 8)
      expect((await world.weights())[0]).toEqual(['churn-blue=875', 'churn-green=125'])
      await target.set('green', 0, 12.5, 9)
      const { spec } = (await world.route()) as { spec: { rules: { backendRefs: { weight?: number }[] }[] } }
      expect(spec.rules.slice(0, 2).map(({ backendRefs }) => backendRefs.map(({ weight }) => weight))).toEqual([
        [100, 0],
        [0, 100],
      ])
      expect(await world.annotations()).toMatchObject({ 'refline.dev/seq': '9', 'refline.dev/weights': 'churn-blue=100 churn-green=0' })
    })

    scenario(
      'a write that meets another version of the route is decided anew, and done where the weights are still as expected',
      async () => {
        await using world = await makeWorld()
        const relabel = ['patch', 'httproutes.v1.gateway.networking.k8s.io', 'churn', `--namespace=${world.namespace}`, '--type=merge']
        const program = await world.interposed({ before: [...relabel, '--patch={"metadata":{"labels":{"team":"ml"}}}'], times: 1 })
        await world.targetWith({ kubectl: { program } }).set('green', 5, 0, 1)
        expect((await world.weights())[0]).toEqual(['churn-blue=95', 'churn-green=5'])
        expect((await world.route()).metadata).toMatchObject({ labels: { team: 'ml' } })
        expect(await readFile(`${program}.count`, 'utf8')).toBe('2\n')
      },
    )

    scenario('group 11: of two writers the slower one finds the weight moved, writes nothing, and says who moved it', async () => {
      await using world = await makeWorld()
      await world.target().set('green', 5, 0, 1)
      const program = await world.interposed({ before: world.handsOf('argocd-controller', 60), times: 1 })
      const late = world.targetWith({ kubectl: { program } }).set('green', 10, 5, 2)
      await expect(late).rejects.toThrow(
        /slot green has 60 % of the traffic in rule 1 of HTTPRoute .*\/churn where 5 % was expected: it was last changed by argocd-controller at 20\d\d-.*so nothing was changed/,
      )
      expect((await world.weights())[0]).toEqual(['churn-blue=40', 'churn-green=60'])
      expect(await world.annotations()).toMatchObject({ 'refline.dev/seq': '1' })
    })

    scenario('an answer that was lost is found in the route, and nothing is written twice', async () => {
      await using world = await makeWorld()
      const program = await world.interposed({ loses: true, times: 1 })
      await world.targetWith({ kubectl: { program } }).set('green', 25, 0, 3)
      expect((await world.weights())[0]).toEqual(['churn-blue=75', 'churn-green=25'])
      expect(await readFile(`${program}.count`, 'utf8')).toBe('1\n')
      expect((await world.route()).metadata).toMatchObject({ generation: 2 })
    })

    scenario('group 11: somebody who writes the weights back each time is named, and it ends', async () => {
      await using world = await makeWorld()
      const program = await world.interposed({ after: world.handsOf('argocd-controller', 60), times: 99 })
      await expect(world.targetWith({ kubectl: { program } }).restore('blue', 2)).rejects.toThrow(
        /was changed by others each of the 8 times that it was written, last by argocd-controller at/,
      )
    })

    scenario('a rule that was changed alone shows as moved, never as what Refline wrote', async () => {
      await using world = await makeWorld()
      const target = world.target()
      await target.set('green', 50, 0, 1)
      await world.administrator.jsonPatch(paths.route(world.namespace), [
        { op: 'replace', path: '/spec/rules/1/backendRefs/0/weight', value: 0 },
        { op: 'replace', path: '/spec/rules/1/backendRefs/1/weight', value: 100 },
      ])
      expect((await target.read()).percent).toEqual({ blue: 100, green: 0 })
      expect((await target.read()).movedBy).toMatch(/^kubectl-edit at /)
      await expect(target.set('green', 100, 50, 2)).rejects.toThrow(/0 % of the traffic in rule 2 \(checkout\).*changed by kubectl-edit/)
    })

    scenario('a step is verified once every parent has accepted the newest generation, and the error says what is missing', async () => {
      await using world = await makeWorld()
      const hasty = world.targetWith({ acceptSeconds: 0.5 })
      const look = world.controller.pause()
      await hasty.set('green', 5, 0, 1)
      await expect(hasty.verify('green', 5)).rejects.toThrow(
        /5 % for slot green is written .* not accepted within 0.5 s: Gateway public \(gateway.invalid\/controller\) shows Accepted of generation 1, the route is at 2; .*ResolvedRefs of generation 1/,
      )
      look()
      await world.controller.think({ Accepted: ['True', 'Accepted'], ResolvedRefs: ['False', 'BackendNotFound'] })
      await expect(hasty.verify('green', 5)).rejects.toThrow(/shows ResolvedRefs False: BackendNotFound service "churn-green" not found$/)
      await world.controller.think({ Accepted: ['True', 'Accepted'] })
      await expect(hasty.verify('green', 5)).rejects.toThrow(/shows no condition ResolvedRefs$/)
      await world.controller.think({
        Accepted: ['True', 'Accepted'],
        ResolvedRefs: ['True', 'ResolvedRefs'],
        PartiallyInvalid: ['True', 'UnsupportedValue'],
      })
      await expect(hasty.verify('green', 5)).rejects.toThrow(/shows PartiallyInvalid True: UnsupportedValue$/)
      await world.controller.think()
      await world.target().verify('green', 5)

      world.controller.pause()
      await world.administrator.jsonPatch(paths.route(world.namespace), [
        { op: 'add', path: '/spec/parentRefs/-', value: { name: 'internal', sectionName: 'https' } },
      ])
      await expect(hasty.verify('green', 5)).rejects.toThrow(/Gateway internal \(https\) has not said anything of the route/)
    })

    scenario('group 5: all traffic given back takes mirrors and rules of ours with it, and names the rules that it leaves', async () => {
      const [main, checkout] = twoRules as [JsonObject, JsonObject]
      const rules = [
        headerRule('refline-preview', services.green),
        { ...main, filters: [mirrorTo(services.green), mirrorTo(services.blue)] },
        headerRule('beta', services.green),
        checkout,
        headerRule('refline-trial', services.green),
      ]
      await using world = await makeWorld({ rules })
      const notices: string[] = []
      const target = world.targetWith({ onNotice: line => notices.push(line) })
      await target.set('green', 25, 0, 1)
      await target.restore('blue', 2)
      const { spec } = (await world.route()) as {
        spec: { rules: { name?: string; filters?: { requestMirror: { backendRef: { name: string } } }[] }[] }
      }
      expect(await world.weights()).toEqual([['churn-blue=100', 'churn-green=0'], ['churn-green=1'], ['churn-green=0', 'churn-blue=100']])
      expect(spec.rules[0]?.filters?.map(({ requestMirror }) => requestMirror.backendRef.name)).toEqual(['churn-blue'])
      expect(notices).toEqual([
        expect.stringMatching(/^rule 3 \(beta\) of HTTPRoute .* leads to slot green \(churn-green\) only and is left as it is/),
      ])
      const { metadata } = await world.route()
      await target.restore('blue', 2)
      expect((await world.route()).metadata).toMatchObject({ generation: (metadata as JsonObject).generation })
    })

    scenario('other backends of a rule: a share cannot be set beside them, all traffic can be given back and they are named', async () => {
      const [main] = twoRules as [JsonObject]
      const refs = [...(main.backendRefs as JsonObject[]), { name: 'legacy', port: 80, weight: 100 }]
      await using world = await makeWorld({ rules: [{ ...main, backendRefs: refs }] })
      const notices: string[] = []
      const target = world.targetWith({ onNotice: line => notices.push(line) })
      expect((await target.read()).percent).toEqual({ blue: 50, green: 0 })
      await expect(target.set('green', 5, null, 1)).rejects.toThrow('rule 1 of HTTPRoute')
      await target.restore('blue', 1)
      expect(notices).toEqual([expect.stringContaining('also leads to other backends')])
    })

    scenario('what a slot has to serve with: its Deployment, else the endpoints of its Service', async () => {
      await using world = await makeWorld({ bare: ['green'] })
      const target = world.target()
      expect((await target.read()).ready).toEqual({ blue: true, green: false })
      await expect(target.set('green', 5, 0, 1)).rejects.toThrow(
        /slot green cannot take more traffic.*Service .*churn-green has no ready endpoint/,
      )
      await world.administrator.create(paths.endpointSlices(world.namespace), endpointSliceObject(services.green, [false, true]))
      expect((await target.read()).ready).toEqual({ blue: true, green: true })
      await target.set('green', 5, 0, 1)

      // One replica of three is enough to take traffic back, and not enough to be given more of it by choice.
      await world.scale('blue', deploymentStatus(3, 1, 1))
      expect((await target.read()).ready.blue).toBe(false)
      await target.set('green', 0, 5, 2)
      await target.set('blue', 50, 100, 3)
      await expect(target.set('blue', 75, 50, 4)).rejects.toThrow(/slot blue cannot take more traffic.*1 of 3 replicas available/)
      await expect(world.targetWith({ deployments: { blue: 'churn-blue', green: 'gone' } }).read()).rejects.toThrow(
        /Deployment .*gone|deployments.*"gone"/,
      )
    })

    scenario('a deploy waits until only new replicas run, and ends at once where Kubernetes gave up', async () => {
      await using world = await makeWorld()
      const deployed: string[] = []
      const target = world.targetWith({
        readySeconds: 60,
        deploy: async (slot, { version }) => {
          deployed.push(`v${version} in ${slot}`)
          await world.scale(slot, { ...deploymentStatus(4, 3, 1), updatedReplicas: 1 })
        },
      })
      let isDone = false
      const work = target.deploy('green', release, 1).then(() => {
        isDone = true
      })
      await expect.poll(async () => (await target.read()).ready.green, { timeout: 20_000 }).toBe(true)
      expect(isDone).toBe(false)
      await world.scale('green', deploymentStatus(3, 3, 1))
      await work
      expect(deployed).toEqual(['v2 in green'])
      const stuck = world.targetWith({
        readySeconds: 600,
        deploy: slot =>
          world.scale(slot, {
            ...deploymentStatus(4, 3, 1),
            updatedReplicas: 1,
            conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'no image' }],
          }),
      })
      await expect(stuck.deploy('green', release, 2)).rejects.toThrow(
        /slot green is not ready and will not be: .*ProgressDeadlineExceeded no image/,
      )
    })

    scenario('a route that holds what was written for other Services is refused', async () => {
      await using world = await makeWorld()
      await world.target().set('green', 5, 0, 1)
      const other = world.targetWith({ slots: { blue: 'churn-green', green: 'churn-blue' } })
      await expect(other.read()).rejects.toThrow('Refline wrote for the Services churn-blue and churn-green')
    })

    scenario('missing objects are said by name', async () => {
      await using world = await makeWorld()
      const red = world.targetWith({ slots: { blue: 'churn-blue', green: 'churn-red' }, deployments: services })
      await expect(red.read()).rejects.toThrow(
        'has no rule that names both Services churn-blue and churn-red as backends: its rules name churn-blue, churn-green',
      )
      await expect(world.targetWith({ kubectl: { context: 'elsewhere' } }).read()).rejects.toThrow(/context elsewhere.*"?elsewhere"?/)
      await expect(world.targetWith({ kubectl: { kubeconfig: 'nowhere' } }).read()).rejects.toThrow(/nowhere|context/)
      await expect(world.targetWith({ kubectl: { program: 'kubectl-that-is-not-there' } }).read()).rejects.toThrow(
        'there is no program kubectl-that-is-not-there on the PATH',
      )
    })

    for (const [verb, plural, work] of [
      ['patch', 'httproutes', (world: GatewayWorld) => world.target().set('green', 5, 0, 1)],
      ['get', 'httproutes', (world: GatewayWorld) => world.target().verify('green', 5)],
      ['get', 'deployments', (world: GatewayWorld) => world.target().read()],
      ['list', 'endpointslices', (world: GatewayWorld) => world.target().read()],
    ] as const)
      scenario(`a Role without ${verb} of ${plural} is said with what to ask for`, async () => {
        await using world = await makeWorld({ without: { verb, plural }, bare: plural === 'endpointslices' ? ['green'] : [] })
        await expect(work(world)).rejects.toThrow(
          new RegExp(
            `does not allow to ${verb} ${plural.slice(0, -1)} .*forbidden.*\`kubectl auth can-i ${verb} ${plural}\\.[a-z0-9.]+/churn`,
          ),
        )
        expect((await world.weights())[0]).toEqual(['churn-blue=100', 'churn-green=0'])
      })
  })
}

/** Rules with sessions, which only the experimental channel of the Gateway API has. */
export const sessionScenarios = (name: string, makeWorld: MakeWorld, seconds: number): void => {
  describe(`sessions at the Gateway API: ${name}`, () => {
    it(
      'group 5: a slot that sessions stick to is taken out when all traffic is given back, and put back by the next step up',
      async () => {
        const rules = twoRules.map(rule => ({ ...rule, sessionPersistence: { sessionName: 'churn', type: 'Cookie' } }))
        await using world = await makeWorld({ rules: [headerRule('refline-preview', services.green), ...rules] })
        const target = world.target()
        await target.set('green', 25, 0, 1)
        await target.restore('blue', 2)
        expect(await world.weights()).toEqual([['churn-blue=100'], ['churn-blue=100']])
        expect(await target.read()).toMatchObject({ percent: { blue: 100, green: 0 }, seq: 2 })
        await target.restore('blue', 2)
        await target.set('green', 0, 0, 3)
        expect(await world.weights()).toEqual([['churn-blue=100'], ['churn-blue=100']])
        await target.set('green', 5, 0, 4)
        expect(await world.weights()).toEqual([
          ['churn-blue=95', 'churn-green=5'],
          ['churn-blue=95', 'churn-green=5'],
        ])
        expect(Object.keys(await world.annotations())).not.toContain('refline.dev/withdrawn')
        await target.restore('green', 5)
        await target.restore('blue', 6)
        expect(await world.weights()).toEqual([['churn-blue=100'], ['churn-blue=100']])
      },
      seconds * 1000,
    )
  })
}
