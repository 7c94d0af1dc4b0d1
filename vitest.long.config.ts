import { defineConfig } from 'vitest/config'

/** What takes minutes: `npm run test:long`, and once a week. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.test.ts'],
    globalSetup: ['test/support/own-temporary-folder.ts'],
    // Some of it measures: nothing runs beside it.
    fileParallelism: false,
    testTimeout: 900_000,
  },
})
