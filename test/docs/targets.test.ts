import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { environmentConfiguration } from '../../src/core/configuration/environment-schema.ts'
import { installedFile } from '../adapters/nginx/world.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'targets.md'), 'utf8')
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)

it('the examples of refline.yml are of the published schema', () => {
  const kinds = blocks('yaml').map(text => {
    const parsed = parse(text) as { readonly environments?: { readonly production: object }; readonly target?: object }
    const environment = parsed.environments?.production ?? { target: parsed.target }
    return environmentConfiguration.parse({ signals: { errors: { kind: 'http', url: 'http://x/${slot}' } }, ...environment }).target.kind
  })
  expect(kinds).toEqual(expect.arrayContaining(['haproxy', 'nginx', 'command']))
})

it('the file of nginx to install is the one that the tests install', () => {
  expect(blocks('nginx').some(text => text.endsWith(installedFile))).toBe(true)
})

it('every file that it names is there', () => {
  const links = [...page.matchAll(/\]\((\.\.?\/[^)#]+)\)/g)].map(([, link = '']) => link)
  expect(links.length).toBeGreaterThan(5)
  for (const link of links) expect(() => readFileSync(join(import.meta.dirname, '..', '..', 'docs', link))).not.toThrow()
})
