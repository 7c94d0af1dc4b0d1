import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Workflows under act, HAProxy and Docker: `npm run test:e2e`. What takes minutes: `npm run test:long`.
    exclude: ['test/e2e/**', 'test/**/*.long.test.ts'],
    globalSetup: ['test/support/own-temporary-folder.ts'],
    // All cores: many tests wait for processes that they started. By default one core stays idle.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
