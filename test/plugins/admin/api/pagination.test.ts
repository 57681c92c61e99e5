import t from 'tap'
import { LocalReply } from '../../../../core/index.ts'
import { page } from '../../../../plugins/admin/api/pagination.ts'

const read = (items: readonly string[], limit: number, cursor?: string, query = '') => {
  const content = page(items, (item) => item, { limit, cursor }, query)
  if (content instanceof LocalReply) return content.reason
  const { items: shown, next } = JSON.parse(content.data as string) as { items: string[]; next: string | null }
  return { shown: shown.join(''), next, link: content.headers?.Link }
}
const next = (...given: Parameters<typeof read>): string => (read(...given) as { next: string }).next
const ITEMS = [...'abcdef']

t.test('pages follow each other', async (t) => {
  t.match(read(ITEMS, 4), { shown: 'abcd' })
  t.same(read(ITEMS, 4, next(ITEMS, 4)), { shown: 'ef', next: null, link: undefined })
  t.same(read([], 4), { shown: '', next: null, link: undefined })
  t.same(read(ITEMS, 6), { shown: 'abcdef', next: null, link: undefined })
})

t.test('items that come or go in between', async (t) => {
  const cursor = next(ITEMS, 3)
  t.match(read([...'abcXdef'], 2, cursor), { shown: 'Xd' })
  t.match(read([...'Xabcdef'], 2, cursor), { shown: 'de' }, 'the newest first')
  t.match(read([...'bcdef'], 2, cursor), { shown: 'de' })
  t.match(read([...'abdef'], 2, cursor), { shown: 'de' }, 'the last of the page before is gone')
  t.match(read([...'ab'], 2, cursor), { shown: '', next: null })
})

t.test('the link has the query, and is relative', async (t) => {
  const { link } = read(ITEMS, 2, undefined, '?limit=2&endpoint=v1%2Fa') as { link: string }
  t.match(link, /^<\?limit=2&endpoint=v1%2Fa&cursor=[\w-]+>; rel="next"$/)
})

t.test('cursors that nobody gave', async (t) => {
  for (const cursor of [
    'x',
    '',
    Buffer.from('["a"]').toString('base64url'),
    Buffer.from('["a",-1]').toString('base64url'),
    Buffer.from('{"a":1}').toString('base64url'),
  ])
    t.equal(read(ITEMS, 2, cursor), 'cursor_invalid', cursor)
})
