import fc from 'fast-check'
import t from 'tap'
import { isPathTraversal } from '../../../filters/route-match/path-traversal.ts'

const bad = [
  '/..',
  '/.',
  '/a/..',
  '/a/../b',
  '/a/./b',
  '/a/.',
  '/a/%2e%2e/b',
  '/a/%2E./b',
  '/a/.%2e',
  '/a/..%2fb',
  '/a/..%2F',
  '/a%2f..%2fb',
  '/a%2F%2e%2e',
  '/a\\b',
  '/a/..\\b',
  '/a/%5c',
  '/a%5C..%5Cb',
  '/a/..;/b',
  '/a/..;x=1/b',
  '/a/..%3b/b',
  '/%2e',
]
const fine = [
  '/',
  '/a',
  '/a/',
  '//',
  '/...',
  '/a/...',
  '/a/..b',
  '/a/b..',
  '/a/b../c',
  '/.well-known/x',
  '/a%2fb',
  '/a/b.c',
  '/a/%2e%2e%2e',
  '/a/.b',
  '/a%2f.b',
  '/a/%252e%252e/b',
  '/%',
  '/a/..%41',
  '/a;..',
]

t.test('table', async (t) => {
  for (const path of bad) t.equal(isPathTraversal(path), true, path)
  for (const path of fine) t.equal(isPathTraversal(path), false, path)
})

t.test('what passes stays under its base, as a URL parser sees it', async (t) => {
  const piece = fc.constantFrom('.', '..', '%2e', '%2E', '/', '%2f', '\\', '%5c', 'a', ';', '%3b', '%', '//')
  const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(path, (rest) => {
        if (isPathTraversal(rest)) return true
        const decoded = rest.replace(/%2f/gi, '/').replace(/%5c/gi, '\\')
        for (const form of [rest, decoded]) {
          const { pathname } = new URL(`http://upstream.test/base${form}`)
          if (!pathname.startsWith('/base/')) return false
        }
        return new URL(`http://upstream.test/base${rest}`).pathname === `/base${rest}`
      }),
      { numRuns: 5000 },
    ),
  )
})
