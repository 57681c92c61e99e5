import fc from 'fast-check'
import t from 'tap'
import { compareVersions, isRelease } from '../../../core/match/compare-versions.ts'

t.test('from low to high', async (t) => {
  const orders = [
    ['latest', 'v0', 'v1alpha1', 'v1beta1', 'v1beta2', 'v1beta10', 'v1', 'v1.0.1', 'v1.2', 'v1.10', 'v2', 'v9', 'v10'],
    [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ],
    ['2023-12-31', '2024-01-10', '2024-01-15-preview', '2024-01-15', '2024-02-01', '2024-10-01'],
    ['v9', 'v99999999999999999998', 'v99999999999999999999'],
    ['v2-rc1', '2', 'V2', 'v2'],
    ['v2-rc002', 'v2-RC3', 'v2-rc020', 'v2-rc100', 'v2'],
    ['v2-rc00', 'v2-rc1'],
    ['v000', 'v1', 'v002', 'v3', 'v020', 'v100', 'v1000'],
    ['v1', '1.0.1', 'v1.0.02', '1.0.10', 'v1.0.100'],
    ['v1-a', 'v1-A.b', 'v1-a.c', 'v1-b'],
  ]
  for (const order of orders) {
    t.same([...order].reverse().sort(compareVersions), order)
    for (let i = 1; i < order.length; i++)
      t.ok(compareVersions(order[i]!, order[i - 1]!) > 0, `${order[i]} > ${order[i - 1]}`)
  }
})

t.test('a total order', async (t) => {
  const version = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.stringMatching(/^v?\d{1,4}(\.\d{1,3}){0,2}(-?(alpha|beta|rc)\.?\d?)?$/),
    fc.stringMatching(/^20\d\d-\d\d(-\d\d)?$/),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const ab = Math.sign(compareVersions(a, b))
        if (ab !== -Math.sign(compareVersions(b, a))) return false
        if ((ab === 0) !== (a === b)) return false
        return !(ab <= 0 && compareVersions(b, c) <= 0) || compareVersions(a, c) <= 0
      }),
      { numRuns: 5000 },
    ),
  )
})

t.test('numbers by value', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => Math.sign(compareVersions(`v${a}`, `v${b}`)) === Math.sign(a - b)),
    ),
  )
})

t.test('which versions are releases', async (t) => {
  for (const release of ['v1', '1', '1.0', 'v2.3.4', '2024-01-15', '2024-01', 'v1.0+build.7', 'V3'])
    t.ok(isRelease(release), release)
  for (const other of [
    'v11-beta',
    'v1beta2',
    '2.0.0-rc.1',
    'v2_alpha',
    '2024-01-15-preview',
    'beta',
    'latest',
    'beta2',
    '2024-010',
  ])
    t.notOk(isRelease(other), other)
})
