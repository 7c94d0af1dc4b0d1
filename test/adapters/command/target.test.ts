import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { commandWorld } from './world.ts'

const release = { model: 'cancer', version: 2, image: null, files: '/models/v2' }

describe('a target of commands', () => {
  it('deploys with the release in variables and without a token', async () => {
    await using world = await commandWorld()
    await world.target().deploy('green', release, 1)
    expect(await readFile(world.join('deployed'), 'utf8')).toBe('green v2 image= model=/models/v2 token=none\n')
  })

  it('tells `set` from giving all traffic back by REFLINE_RESTORE', async () => {
    await using world = await commandWorld()
    await world.target().set('green', 5, 0, 41)
    await world.target().restore('blue', 42)
    expect(await readFile(world.join('orders'), 'utf8')).toBe('set green 5 restore=no\nset blue 100 restore=1\n')
  })

  it('says the newer seq where `set` itself refused the older one', async () => {
    await using world = await commandWorld()
    const late = world.targetOf({ set: 'echo 9 > seq; exec ./target.sh set' })
    await expect(late.set('green', 50, 0, 8)).rejects.toThrow('seq 9 of the ledger, which is newer than 8')
  })

  it('says what it is by the command that moves the weight', async () => {
    await using world = await commandWorld()
    expect(world.targetOf({ set: 'kubectl apply -f -\nexit 0' }).describe()).toBe('the commands of refline.yml (set: kubectl apply -f -)')
  })

  it.each([
    ['echo oops >&2; exit 4', 'target.read ended with exit code 4 for slot blue: oops'],
    ['echo 5', 'is not as expected'],
    ['echo not json', 'did not end with a line of JSON'],
    ['true', 'did not end with a line of JSON'],
    ['echo \'{"percent": 50}\'', 'is not as expected'],
    ['echo \'{"percent": 50, "ready": true, "forgot": "yesterday"}\'', 'is not as expected'],
    ['echo \'{"percent": 80, "ready": true}\'', 'blue has 80 % and green 80 %'],
  ])('refuses what `read` may print: %s', async (read, message) => {
    await using world = await commandWorld()
    await expect(world.targetOf({ read }).read()).rejects.toThrow(message)
  })

  it('does not believe a `set` that left another weight, a restore that read does not show, or a deploy that failed', async () => {
    await using world = await commandWorld()
    await expect(world.targetOf({ set: 'echo \'{"percent": 0, "ready": true}\'' }).set('green', 5, 0, 1)).rejects.toThrow(
      'left slot green at 0 % where 5 %',
    )
    await expect(world.targetOf({ set: 'echo \'{"percent": 100, "ready": true}\'' }).restore('green', 1)).rejects.toThrow(
      'target.read shows 0 % for slot green after all traffic was given back to it',
    )
    await expect(world.targetOf({ deploy: 'echo "no such image"; exit 1' }).deploy('green', release, 1)).rejects.toThrow(
      'target.deploy ended with exit code 1 for v2 in slot green: no such image',
    )
  })
})
