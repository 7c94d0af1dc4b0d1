import { join } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Bundles model-transfer.ts, and the thread that it starts, into `folder` and returns the program. What users run is bundled too: from the sources, Node's own reading of
 * TypeScript would count as memory of the transfer.
 */
export const transferProgram = async (folder: string): Promise<string> => {
  const input = {
    'model-transfer': join(import.meta.dirname, 'model-transfer.ts'),
    'download-thread': join(import.meta.dirname, '..', '..', 'src', 'adapters', 'github', 'download-thread.ts'),
  }
  await using bundle = await rolldown({ input, platform: 'node' })
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' })
  return join(folder, 'model-transfer.mjs')
}
