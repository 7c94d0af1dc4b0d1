import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandTarget } from '../../../src/adapters/command/target.ts'
import { userCommand } from '../../../src/adapters/process/user-command.ts'

// A whole target in a shell script: the weight of green in a file, compare-and-set with exit code 3.
const script = `#!/usr/bin/env bash
set -eu
green=$(cat green 2>/dev/null || echo 0)
show() {
  local percent=$green
  if [ "$REFLINE_SLOT" = blue ]; then percent=$((100 - green)); fi
  echo "{\\"percent\\": $percent, \\"ready\\": true, \\"seq\\": $(cat seq 2>/dev/null || echo 0)}"
}
case "$1" in
  deploy) echo "$REFLINE_SLOT v$REFLINE_VERSION image=$REFLINE_IMAGE model=$REFLINE_MODEL token=\${GITHUB_TOKEN:-none}" >> deployed ;;
  read) echo "some words first"; show ;;
  set)
    now=$green
    if [ "$REFLINE_SLOT" = blue ]; then now=$((100 - green)); fi
    if [ -n "$REFLINE_EXPECT" ] && [ "$REFLINE_EXPECT" != "$now" ]; then exit 3; fi
    if [ "$REFLINE_SLOT" = green ]; then echo "$REFLINE_PERCENT" > green; else echo $((100 - REFLINE_PERCENT)) > green; fi
    echo "$REFLINE_SEQ" > seq
    green=$(cat green); show ;;
esac
`
const release = { model: 'cancer', version: 2, image: null, files: '/models/v2' }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refline-target-'))
  await writeFile(join(folder, 'target.sh'), script)
  await chmod(join(folder, 'target.sh'), 0o755)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const target = (commands: { deploy?: string; read?: string; set?: string } = {}) =>
  commandTarget({
    command: userCommand({ PATH: process.env.PATH, GITHUB_TOKEN: 'secret' }),
    folder,
    deploy: ['./target.sh', 'deploy'],
    read: ['./target.sh', 'read'],
    set: ['./target.sh', 'set'],
    ...commands,
  })

describe('a target of commands', () => {
  it('deploys with the release in variables and without a token', async () => {
    await target().deploy('green', release, 1)
    expect(await readFile(join(folder, 'deployed'), 'utf8')).toBe('green v2 image= model=/models/v2 token=none\n')
  })

  it('moves and reads back', async () => {
    await target().set('green', 5, 0, 41)
    expect(await target().read()).toEqual({ percent: { blue: 95, green: 5 }, ready: { blue: true, green: true }, seq: 41 })
    await target().set('green', 0, null, 42)
    expect((await target().read()).percent).toEqual({ blue: 100, green: 0 })
  })

  it('changes nothing and says both numbers where somebody else moved it', async () => {
    await target().set('green', 30, 0, 1)
    await expect(target().set('green', 50, 5, 2)).rejects.toThrow(
      'slot green has 30 % of the traffic where 5 % was expected, so somebody else moved it',
    )
    expect((await target().read()).percent.green).toBe(30)
  })

  it('refuses to go on from an older decision than the target was told', async () => {
    await target().set('green', 30, 0, 9)
    await expect(target().set('green', 50, 30, 8)).rejects.toThrow('seq 9 of the ledger, which is newer than 8')
    expect((await target().read()).percent.green).toBe(30)
  })

  it.each([
    ['echo oops >&2; exit 4', 'target.read ended with exit code 4 for slot blue: oops'],
    ['echo 5', 'is not as expected'],
    ['echo not json', 'did not end with a line of JSON'],
    ['true', 'did not end with a line of JSON'],
    ['echo \'{"percent": 50}\'', 'is not as expected'],
    ['echo \'{"percent": 80, "ready": true}\'', 'blue has 80 % and green 80 %'],
  ])('refuses what `read` may print: %s', async (read, message) => {
    await expect(target({ read }).read()).rejects.toThrow(message)
  })

  it('does not believe a `set` that left another weight, or a deploy that failed', async () => {
    await expect(target({ set: 'echo \'{"percent": 0, "ready": true}\'' }).set('green', 5, 0, 1)).rejects.toThrow(
      'left slot green at 0 % where 5 %',
    )
    await expect(target({ deploy: 'echo "no such image"; exit 1' }).deploy('green', release, 1)).rejects.toThrow(
      'target.deploy ended with exit code 1 for v2 in slot green: no such image',
    )
  })
})
