import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { type CommandTargetSettings, commandTarget } from '../../../src/adapters/command/target.ts'
import { userCommand } from '../../../src/adapters/process/user-command.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import type { Slot } from '../../../src/core/lineage/events.ts'
import type { TargetWorld } from '../../support/target-contract.ts'
import { temporaryFolder } from '../../support/temporary.ts'

/** A whole target in one script: the weight of green in a file, one writer at a time, compare-and-set with exit code 3. */
const script = `#!/usr/bin/env bash
set -eu
if [ -e silent ]; then sleep 30; fi
exec 9> lock
flock 9
show() {
  local percent=$green forgot=null
  if [ "$REFLINE_SLOT" = blue ]; then percent=$((100 - green)); fi
  if [ -e forgot ]; then forgot=$(cat forgot); fi
  local ready=true
  if [ -e "down-$REFLINE_SLOT" ]; then ready=false; fi
  echo "{\\"percent\\": $percent, \\"ready\\": $ready, \\"seq\\": $(cat seq 2>/dev/null || echo null), \\"forgot\\": $forgot}"
}
green=$(cat green)
case "$1" in
  deploy) echo "$REFLINE_SLOT v$REFLINE_VERSION image=$REFLINE_IMAGE model=$REFLINE_MODEL token=\${GITHUB_TOKEN:-none}" >> deployed ;;
  read) echo "some words first"; show ;;
  set)
    now=$green
    if [ "$REFLINE_SLOT" = blue ]; then now=$((100 - green)); fi
    if [ "$(cat seq 2>/dev/null || echo 0)" -gt "$REFLINE_SEQ" ]; then exit 3; fi
    if [ -n "$REFLINE_EXPECT" ] && [ "$REFLINE_EXPECT" != "$now" ] && [ "$REFLINE_PERCENT" != "$now" ]; then exit 3; fi
    if [ "$REFLINE_SLOT" = green ]; then green=$REFLINE_PERCENT; else green=$((100 - REFLINE_PERCENT)); fi
    echo "$green" > green
    echo "$REFLINE_SEQ" > seq
    echo "set $REFLINE_SLOT $REFLINE_PERCENT restore=\${REFLINE_RESTORE:-no}" >> orders
    rm -f forgot
    show ;;
esac
`

export interface CommandWorld extends TargetWorld {
  readonly join: (...parts: readonly string[]) => string
  targetOf(settings: Partial<CommandTargetSettings>): ReturnType<typeof commandTarget>
}

export const commandWorld = async (): Promise<CommandWorld> => {
  const folder = await temporaryFolder('refline-commands-')
  await writeFile(folder.join('target.sh'), script)
  await chmod(folder.join('target.sh'), 0o755)
  await writeFile(folder.join('green'), '0\n')
  const share = async (slot: Slot) => {
    const green = Number(await readFile(folder.join('green'), 'utf8'))
    return slot === 'green' ? green : 100 - green
  }
  const targetOf = (settings: Partial<CommandTargetSettings>) =>
    commandTarget({
      command: userCommand({ PATH: process.env.PATH, GITHUB_TOKEN: 'secret' }),
      folder: folder.path,
      deploy: ['./target.sh', 'deploy'],
      read: ['./target.sh', 'read'],
      set: ['./target.sh', 'set'],
      clock: systemClock,
      commandSeconds: 10,
      readySeconds: 5,
      verifySeconds: 5,
      ...settings,
    })
  return {
    join: folder.join,
    targetOf,
    instances: 1,
    grain: 0,
    target: ({ seconds } = {}) =>
      // Starting a process takes long on a busy machine, and that is no silence.
      targetOf(seconds === undefined ? {} : { commandSeconds: Math.max(seconds, 1.5), readySeconds: seconds, verifySeconds: seconds }),
    misnamed: () => ({
      program: targetOf({ read: ['./none'], set: ['./none'] }),
      folder: targetOf({ folder: folder.join('nowhere') }),
      answer: targetOf({ read: 'echo "{}"' }),
    }),
    shares: async slot => [await share(slot)],
    moveByHand: async (slot, percent) => {
      await writeFile(folder.join('green'), `${slot === 'green' ? percent : 100 - percent}\n`)
    },
    takeAway: async () => {
      throw new Error('there is one instance only')
    },
    silence: async () => {
      await writeFile(folder.join('silent'), '')
      return () => rm(folder.join('silent'))
    },
    forget: async () => {
      await writeFile(folder.join('green'), '0\n')
      await writeFile(folder.join('forgot'), String(Date.now() / 1000))
      await rm(folder.join('seq'), { force: true })
    },
    slotDown: async slot => {
      await writeFile(folder.join(`down-${slot}`), '')
      return () => rm(folder.join(`down-${slot}`))
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
