import { expect, it } from 'vitest'
import { groupLicences } from '../../scripts/licences.ts'

const packages = ['@acme/a', 'b', 'bare', 'c']
const list = ['@acme/a\nMIT\nBe kind.\n\nWarranty\nnone', 'b\nMIT\nBe kind.\n\nWarranty\nnone\n', 'bare\nMIT', 'c\nISC\nBe kind.'].join(
  '\n\n',
)

it('tells each text once, below every package that it covers, and loses none', () => {
  const grouped = groupLicences(list, name => packages.includes(name))
  expect(grouped.match(/Warranty/g)).toHaveLength(1)
  expect(grouped).toContain('@acme/a\nb\n\nMIT\n\nBe kind.\n\nWarranty\nnone\n')
  expect(grouped).toContain('\nbare\n\nMIT\n')
  expect(grouped).toContain('\nc\n\nISC\n\nBe kind.\n')
})
