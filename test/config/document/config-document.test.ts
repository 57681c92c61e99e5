import t from 'tap'
import { ConfigDocument } from '../../../config/document/config-document.ts'
import { ConfigFile } from '../../../config/document/config-file.ts'
import { endpoint, parse } from '../support.ts'

t.test('a path that is not in the document is placed at its nearest ancestor', async (t) => {
  const { document } = parse(endpoint('methods: [GET]'))
  t.same(document.locate(['endpoints', 0, 'methods', 0]), { file: 'weir.yaml', line: 4, col: 15 })
  t.same(document.locate(['endpoints', 0, 'filters', 'auth', 'x']), { file: 'weir.yaml', line: 2, col: 5 })
  t.same(document.locate(['endpoints', 7, 'url']), { file: 'weir.yaml', line: 1, col: 1 })
  t.same(document.locate(['endpoints', 0, 'url', 'deeper']), { file: 'weir.yaml', line: 3, col: 5 })
  t.same(document.locate(['filters', 3]), { file: 'weir.yaml', line: 1, col: 1 })
  t.equal(document.format({ path: ['endpoints', 0, 'proxy'], message: 'no' }), 'weir.yaml:2:5 endpoints[0].proxy: no')
  t.equal(document.format({ path: [], message: 'no' }), 'weir.yaml:1:1 no')
  t.equal(new ConfigDocument(new ConfigFile('gone.yaml')).format({ path: ['a'], message: 'no' }), 'gone.yaml a: no')
})

t.test('through an alias, the place is where the text stands', async (t) => {
  const { document } = parse(`endpoints:
  - name: a
    url: http://upstream
    filters: &same
      breaker: { failure_threshold: 2 }
  - name: b
    url: http://upstream
    filters: *same
`)
  t.same(document.locate(['endpoints', 1, 'filters', 'breaker', 'failure_threshold']), {
    file: 'weir.yaml',
    line: 5,
    col: 18,
  })
  t.same(document.locate(['endpoints', 1, 'filters']), { file: 'weir.yaml', line: 8, col: 5 })
})
