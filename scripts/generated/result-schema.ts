import { z } from 'zod'
import { assessment } from '../../src/core/comparison/assessment.ts'

/** JSON Schema of `result.json`, which every action and the terminal client write. */
export const resultSchema = (): Record<string, unknown> => {
  const { $schema, ...schema } = z.toJSONSchema(assessment, { io: 'output' }) as Record<string, unknown>
  return { $schema, title: 'result.json', description: 'The whole answer about one run, from which every report is rendered.', ...schema }
}
