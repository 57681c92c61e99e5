// A GiB up and a GiB down, to a reader that stops again and again, with a length and chunked: every byte arrives, and the
// gateway's resident memory stays near what it was. Then uploads of a byte a second are held while others are served.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../support/client.ts'
import { bodyOf, startUpstream } from '../support/upstream.ts'
import { endpoint } from './quiet.ts'
import { cleaner, latencies, MIB, must, none, say, setting, soak } from './run.ts'
import { Gateway } from './support.ts'

const SIZE = setting('MIB', 1024) * MIB
const LIMIT_MIB = setting('LIMIT_MIB', 100)
const UPLOADS = setting('UPLOADS', 200)
/** Seconds, and bytes, of each slow upload. */
const SECONDS = setting('UPLOAD_SECONDS', 15)
const STOPS = 16
const STOP_MS = 150

const block = randomBytes(256 * 1024)
const expected = ((): string => {
  const hash = createHash('sha1')
  for (let sent = 0; sent < SIZE; sent += block.length) hash.update(block)
  return hash.digest('hex')
})()

/** Writes all of it, as fast as the other side takes it. */
function pour(to: Writable): void {
  let sent = 0
  const more = (): void => {
    while (sent < SIZE) {
      sent += block.length
      if (!to.write(block)) return
    }
    to.off('drain', more).end()
  }
  to.on('drain', more)
  more()
}

/** Reads all of it, and stops now and then for so long that every buffer on the way fills. */
async function sip(from: Readable): Promise<string> {
  const hash = createHash('sha1')
  let received = 0
  let stop = SIZE / STOPS
  for await (const chunk of from) {
    hash.update(chunk as Buffer)
    received += (chunk as Buffer).length
    if (received < stop) continue
    stop += SIZE / STOPS
    await sleep(STOP_MS)
  }
  return `${received} ${hash.digest('hex')}`
}

/** Bytes of a line of /proc/<pid>/status, in MiB. */
function memory(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

const answerTo = (req: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => req.on('response', resolve).on('error', reject))

interface Transfer {
  readonly name: string
  readonly run: (url: string) => Promise<string>
}

const LENGTH = { 'Content-Length': SIZE }
const up = (headers: object) => async (url: string) => {
  const req = request(`${url}/upload`, { method: 'POST', headers: { ...headers }, agent: false })
  pour(req)
  return String(await bodyOf(await answerTo(req)))
}
const down = (path: string) => async (url: string) => {
  const req = request(`${url}/${path}`, { agent: false }).end()
  return sip(await answerTo(req))
}
const TRANSFERS: readonly Transfer[] = [
  { name: 'upload with a length', run: up(LENGTH) },
  { name: 'chunked upload', run: up({}) },
  { name: 'download with a length', run: down('length') },
  { name: 'chunked download', run: down('chunked') },
]

async function transfer(gateway: Gateway, url: string, idle: number, { name, run }: Transfer): Promise<void> {
  writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5') // the peak starts anew
  const begun = performance.now()
  const result = await run(url)
  const seconds = (performance.now() - begun) / 1000
  const over = memory(gateway.pid, 'VmHWM') - idle
  const mib = SIZE / MIB
  must(
    `${name}, ${mib} MiB, the reader stops ${STOPS} times: bytes and hash`,
    'equal',
    result === `${SIZE} ${expected}`,
  )
  must('its peak of resident memory over that', `${over.toFixed(0)} MiB`, over < LIMIT_MIB)
  say('took', `${seconds.toFixed(1)} s`)
}

/** A byte a second. */
async function drip(url: string, i: number): Promise<boolean> {
  const text = Array.from({ length: SECONDS }, (_, n) => String((i + n) % 10)).join('')
  const headers = i % 2 === 0 ? { 'Content-Length': SECONDS } : {}
  const req = request(`${url}/echo`, { method: 'POST', headers, agent: false })
  const answer = answerTo(req)
  for (const digit of text) {
    req.write(digit)
    await sleep(1000)
  }
  req.end()
  const message = await answer
  return message.statusCode === 200 && String(await bodyOf(message)) === text
}

async function ordinary(url: string, milliseconds: number): Promise<{ took: number[]; failed: number }> {
  const took: number[] = []
  let failed = 0
  for (const until = performance.now() + milliseconds; performance.now() < until; await sleep(5)) {
    const begun = performance.now()
    const { status, body } = await send(`${url}/small`)
    took.push(performance.now() - begun)
    if (status !== 200 || body !== 'small') failed++
  }
  return { took, failed }
}

await soak(async () => {
  const upstream = await startUpstream(async (req, res) => {
    if (req.url === '/upload') return void res.end(await sip(req))
    if (req.url === '/echo') return void res.end(await bodyOf(req))
    if (req.url === '/small') return void res.end('small')
    res.writeHead(200, req.url === '/length' ? LENGTH : {})
    pour(res)
  })
  cleaner.teardown(upstream.close)
  const gateway = await Gateway.start(endpoint('up', upstream.url))
  const url = `${gateway.proxy}/orchestrator/v1/up`
  for (let i = 0; i < 50; i++) await send(`${url}/small`)
  await gateway.probe(true)
  const idle = memory(gateway.pid, 'VmRSS')
  say('resident memory before', `${idle.toFixed(0)} MiB`)
  for (const one of TRANSFERS) await transfer(gateway, url, idle, one)

  const before = await ordinary(url, (SECONDS * 1000) / 3)
  const uploads = Promise.all(Array.from({ length: UPLOADS }, (_, i) => drip(url, i)))
  const meanwhile = await ordinary(url, (SECONDS - 2) * 1000)
  const whole = (await uploads).filter(Boolean).length
  must(`uploads of a byte a second that arrive whole, of ${UPLOADS}`, whole, whole === UPLOADS)
  say('ordinary requests before', latencies(before.took))
  say('and beside them', latencies(meanwhile.took))
  none(`that failed, of ${before.took.length + meanwhile.took.length}`, before.failed + meanwhile.failed)
})
