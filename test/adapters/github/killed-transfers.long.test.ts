import { expect, test } from 'vitest'
import { transferKilledFourTimes } from '../../support/killed-transfer.ts'

const gibibyte = 1024 ** 3

/** A promise to the runner's memory, not a measurement: 200 MiB whatever the size of the model. */
const mostMebibytes = 200

test("5 GiB up and down in parts of GitHub's size, killed four times on the way, in flat memory", async () => {
  const peak = await transferKilledFourTimes(5 * gibibyte, 1, Math.floor(1.9 * gibibyte))
  console.log(`5 GiB up and down: at most ${peak.toFixed(0)} MiB of memory`)
  expect(peak).toBeLessThanOrEqual(mostMebibytes)
}, 1_800_000)
