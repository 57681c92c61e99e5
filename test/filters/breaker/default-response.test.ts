import t from 'tap'
import { defaultResponse, fallbackReply } from './support.ts'

t.test('default_response: what is refused', async (t) => {
  await t.rejects(fallbackReply({ fallback_strategy: 'default_response' }), /which needs this option/)
  await t.rejects(defaultResponse({ body: 'text' }), { message: 'a body needs its Content-Type' })
  await t.rejects(defaultResponse({ status: 204, headers: { 'content-type': 'a/b' }, body: 'x' }), /has no body/)
  await t.rejects(defaultResponse({ headers: { 'Content-Length': '5' } }), /the gateway sets this field itself/)
  await t.rejects(defaultResponse({ headers: { 'a b': '5' } }), /not a valid header field/)
  await t.rejects(defaultResponse({ headers: { a: 'x\r\ny: z' } }), /not a valid header field/)
  for (const status of [100, 206, 304, 600]) await t.rejects(defaultResponse({ status }))
})
