import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map(file => ({ file, text: readFileSync(join(root, file), 'utf8') }))
interface Workflow {
  readonly permissions: unknown
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: unknown; readonly needs?: readonly string[]; readonly 'timeout-minutes'?: number }>
  >
}

describe('our own workflows', () => {
  test('there are some', () => expect(workflows.length).toBeGreaterThan(0))

  test.each(workflows)('$file pins actions by commit, names its permissions and ends by itself', ({ text }) => {
    const uses = [...text.matchAll(/uses:\s*(\S+)(.*)$/gm)].filter(([, name]) => !name?.startsWith('./') && !name?.startsWith('$/'))
    expect(uses.filter(([, name, comment]) => !/@[0-9a-f]{40}$/.test(name ?? '') || !/# v\d+\.\d+\.\d+/.test(comment ?? ''))).toEqual([])
    const { permissions, jobs } = parse(text) as Workflow
    expect(permissions).toEqual({})
    for (const job of Object.values(jobs)) {
      expect(job.permissions).toBeDefined()
      expect(job['timeout-minutes']).toBeGreaterThan(0)
    }
    expect(text).not.toContain('pull_request_target')
  })

  test('ci-ok needs every other job', () => {
    const { jobs } = parse(readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8')) as Workflow
    expect([...(jobs['ci-ok']?.needs ?? [])].sort()).toEqual(
      Object.keys(jobs)
        .filter(name => name !== 'ci-ok')
        .sort(),
    )
  })
})
