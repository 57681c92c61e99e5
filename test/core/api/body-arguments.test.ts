import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import t from 'tap'
import { Body } from '../../../core/api/body.ts'

t.test('a wrong argument is an error where it is given, and leaves the body as it was', async (t) => {
  const body = Body.of('abc')
  for (const cap of [undefined, NaN, -1, '5', null]) {
    t.throws(() => body.limit(cap as never), { name: 'TypeError', message: /limit\(\) takes a number of bytes/ })
    t.throws(() => body.replay(cap as never), { name: 'TypeError', message: /replay\(\) takes a number of bytes/ })
    await t.rejects(body.buffer(cap as never), { name: 'TypeError', message: /buffer\(\) takes a number of bytes/ })
  }
  t.throws(() => body.limit(1, 'no_such_code' as never), /takes a code of an error, found "no_such_code"/)
  await t.rejects(body.buffer(1, 'toString' as never), /takes a code of an error/)
  for (const operation of ['tap', 'watch'] as const) t.throws(() => body[operation]('no' as never), /takes a function/)
  const unread = createWriteStream('/dev/null')
  t.teardown(() => unread.destroy())
  for (const stream of [undefined, 'text', Readable.from([]), unread])
    t.throws(() => body.through(stream as never), { name: 'TypeError', message: /takes a Duplex stream/ })
  t.strictSame([body.changed, body.started, String(await body.buffer(Infinity))], [false, false, 'abc'])
})
