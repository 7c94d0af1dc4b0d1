import { defineConfig } from 'vitest/config'

/** What takes minutes: error rates by simulation. `npm run test:long`, and once a week. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.test.ts'],
    globalSetup: ['test/support/own-temporary-folder.ts'],
    testTimeout: 900_000,
  },
})
