import { describe, expect, it } from 'vitest'
import { defaultBase, imageLabels, type ServedVersion, servingContext } from '../../../src/core/serving/fastapi.ts'

const version: ServedVersion = {
  model: 'churn',
  version: 3,
  run: 'churn-0123456789ab',
  digest: 'd'.repeat(64),
  commit: 'c'.repeat(40),
  repository: 'acme/churn',
  data: [{ path: 'data/train.csv', sha256: 'e'.repeat(64) }],
  metrics: { roc_auc: 0.93, recall: null },
}
const fileOf = (path: string, base = defaultBase, requirements: string | null = null): string =>
  servingContext(version, base, requirements).find(file => file.path === path)?.text ?? ''

describe('the serving template', () => {
  it("installs the user's requirements first, runs without root and serves on 8080", () => {
    expect(fileOf('Dockerfile').split('\n')[0]).toBe(`FROM ${defaultBase}`)
    expect(fileOf('Dockerfile')).toMatch(/USER 65532:65532\nEXPOSE 8080\nCMD \["python"/)
    expect(fileOf('requirements.txt', defaultBase, 'scikit-learn==1.7.0\n').split('\n')[0]).toBe('scikit-learn==1.7.0')
  })
  it('installs nothing on the empty base', () => {
    expect(fileOf('Dockerfile', 'scratch')).toBe('FROM scratch\nWORKDIR /srv\nCOPY app.py version.json ./\nCOPY model/ ./model/\n')
  })
  it.each(['python\nRUN curl evil', '--platform=x', 'a b', ''])('takes %j for no base', base => {
    expect(() => servingContext(version, base, null)).toThrow(/image.base is/)
  })
  it('tells where the version comes from', () => {
    expect(JSON.parse(fileOf('version.json'))).toEqual(version)
    for (const path of ['/healthz', '/version', '/lineage', '/predict']) expect(fileOf('app.py')).toContain(`"${path}"`)
    expect(imageLabels(version, 'https://github.com')).toMatchObject({
      'org.opencontainers.image.source': 'https://github.com/acme/churn',
      'refline.data': `[["data/train.csv","${'e'.repeat(64)}"]]`,
    })
  })
})
