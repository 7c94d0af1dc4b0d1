import { defineConfig } from 'vitest/config'

/** Workflows under act, HAProxy and the Docker Engine. Started by scripts/e2e.ts, which brings the programs. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/support/own-temporary-folder.ts'],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 180_000,
  },
})
