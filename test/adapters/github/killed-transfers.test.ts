import { expect, test } from 'vitest'
import { transferKilledFourTimes } from '../../support/killed-transfer.ts'

const mebibyte = 1 << 20

test('200 MiB up and down, killed four times on the way, are the same files, and nothing whole is sent twice', async () => {
  // Several files are one tar, and the tar is cut.
  expect(await transferKilledFourTimes(200 * mebibyte, 3, 25 * mebibyte)).toBeGreaterThan(0)
}, 120_000)
