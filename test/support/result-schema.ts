import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

const published = JSON.parse(readFileSync(join(import.meta.dirname, '../../refline.result.schema.json'), 'utf8')) as object

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(published)

/** What the published schema of result.json has against a value; empty where it is one. */
export const resultProblems = (value: unknown): readonly string[] =>
  validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
