import t from 'tap'
import { Body } from '../../../core/api/body.ts'
import { HeaderList } from '../../../core/api/header-list.ts'
import { framedFields, isFraming } from '../../../core/http/response-framing.ts'

type Fields = readonly string[]

const LENGTH = ['Content-Length', '5']
const framed = (raw: Fields, body: Body, { status = 200, method = 'GET' } = {}): Fields =>
  framedFields({ status, statusText: undefined, headers: HeaderList.fromWire(raw.slice()), body }, method)
const known = (): Body => Body.of('hello')
const unknown = (): Body => new Body({ start() {}, pause() {}, resume() {}, cancel() {} }, undefined)

t.test('a head that is right goes out as it is, without a copy', async (t) => {
  for (const [raw, body, method] of [
    [['A', 'b', ...LENGTH], known(), 'GET'],
    [['Content-Disposition', 'x', 'content-length', '5'], known(), 'GET'],
    [['A', 'b', 'Content-Disposition', 'x', 'Trailer', 'X'], unknown(), 'GET'],
    [['A', 'b', 'Content-Length', '7'], Body.empty(), 'HEAD'],
    // As long as the names that matter.
    [['Fourteen-Chars', '1', 'Seventeen-Letters', '2', 'Header', '3', 'Seven-7', '4', ...LENGTH], known(), 'GET'],
    [['Content-Length', '5', 'Nineteen-Characters', '1'], known(), 'GET'],
  ] as const) {
    const headers = HeaderList.fromWire(raw.slice())
    t.equal(framedFields({ status: 200, statusText: undefined, headers, body }, method), headers.raw, raw.join())
  }
})

t.test('the length is that of the body, once, and last', async (t) => {
  for (const raw of [
    [],
    ['Content-Length', '6'],
    ['CONTENT-LENGTH', '6'],
    [...LENGTH, ...LENGTH],
    ['Content-Length', '6', ...LENGTH],
    ['Transfer-Encoding', 'chunked'],
    ['transfer-encoding', 'gzip', ...LENGTH],
    ['Expect', '100-continue', ...LENGTH],
    ['Trailer', 'X', ...LENGTH],
  ])
    t.strictSame(framed(['A', 'b', ...raw], known()), ['A', 'b', ...LENGTH], raw.join())
  t.strictSame(framed([...LENGTH, 'Content-Disposition', 'x'], known()), ['Content-Disposition', 'x', ...LENGTH])
})

t.test('a body of unknown length has none', async (t) => {
  t.strictSame(framed(['A', 'b', ...LENGTH], unknown()), ['A', 'b'])
  t.strictSame(framed(['Transfer-Encoding', 'chunked', 'Trailer', 'X', 'Expect', 'y'], unknown()), ['Trailer', 'X'])
})

t.test('a response without a body says the length that another one would have, or none', async (t) => {
  const spoilt = ['Content-Length', '7', 'Expect', 'x']
  for (const [status, method, expected] of [
    [200, 'HEAD', ['Content-Length', '7']],
    [304, 'GET', ['Content-Length', '7']],
    [204, 'GET', []],
    [204, 'HEAD', []],
    [200, 'GET', ['Content-Length', '0']],
  ] as const) {
    t.strictSame(framed(spoilt, Body.empty(), { status, method }), expected, `${method} ${status}`)
    t.strictSame(framed(spoilt.slice(0, 2), Body.empty(), { status, method }), expected, `${method} ${status}`)
  }
  t.strictSame(framed([...LENGTH, 'Content-Length', '8'], Body.empty(), { method: 'HEAD' }), LENGTH, 'the first')
  t.strictSame(framed([], Body.empty(), { method: 'HEAD' }), [])
})

t.test('fields that frame a body', async (t) => {
  for (const name of ['content-length', 'Content-Length', 'TRANSFER-ENCODING']) t.ok(isFraming(name), name)
  for (const name of ['content-lengtH2', 'Fourteen-Chars', 'Seventeen-Letters', 'Trailer', '']) t.notOk(isFraming(name))
})
