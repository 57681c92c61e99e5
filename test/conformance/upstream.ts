import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Step } from './case.ts'
import { type Message, readRequest, valuesOf } from './wire.ts'

/** A request that came, and on which connection. */
export interface Recorded {
  readonly message: Message
  readonly connection: number
}

interface Link {
  readonly id: number
  readonly socket: Socket
  text: string
  offset: number
  partial: Message | undefined
  broken: string | undefined
  continued: boolean
  /** The request that is being read was answered when its head came. */
  early: boolean
}

/** Targets of the requests that check on the others. */
export const isProbe = (target: string): boolean => /^\/[lh]\d\/probe-\d+$/.test(target)

export const methodOf = (message: Message): string => message.start.split(' ')[0]!
export const targetOf = (message: Message): string => message.start.split(' ')[1]!

/** A TCP server that keeps every byte, reads them strictly, and answers with whatever bytes it is told. */
export class Upstream {
  /** What to do on requests that are no probes; undefined: the default answer. */
  script: { readonly steps: readonly Step[]; readonly on: 'head' | 'request' } | undefined
  #whole: Recorded[] = []
  #links = new Set<Link>()
  #gone: Link[] = []
  #count = 0
  /** Answers that are still being given. */
  #running: Promise<unknown>[] = []
  readonly #server: Server = createServer((socket) => this.#serve(socket))

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const { socket } of this.#links) socket.destroy()
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()))
  }

  /** Forgets what came so far. */
  begin(script: Upstream['script']): void {
    this.script = script
    this.#whole = []
    this.#gone = []
    this.#running = []
    // What a case left unfinished is no connection for the next.
    for (const { socket, text, offset } of this.#links) if (offset < text.length) socket.destroy()
  }

  /** Resolves when what the script says is done, and the other side knows of it where the connection ends; or after 2 s. */
  async done(): Promise<void> {
    await Promise.race([Promise.all(this.#running), pause(2000, undefined, { ref: false })])
  }

  /** What came since: whole requests in order, then unfinished ones. */
  get requests(): readonly Recorded[] {
    const unfinished = [...this.#gone, ...this.#links].flatMap(({ partial, id }) =>
      partial === undefined ? [] : [{ message: partial, connection: id }],
    )
    return [...this.#whole, ...unfinished]
  }

  /** Bytes that are no HTTP/1.1, or the rest of some that were. */
  get garbage(): readonly string[] {
    return [...this.#gone, ...this.#links].flatMap((link) => {
      if (link.broken !== undefined) return [link.broken]
      const rest = link.partial === undefined ? link.text.slice(link.offset, link.offset + 80) : ''
      return rest === '' ? [] : [`unfinished head ${JSON.stringify(rest)}`]
    })
  }

  #serve(socket: Socket): void {
    const link: Link = {
      id: this.#count++,
      socket,
      text: '',
      offset: 0,
      partial: undefined,
      broken: undefined,
      continued: false,
      early: false,
    }
    this.#links.add(link)
    socket.on('error', () => {})
    const generation = (): unknown => this.#gone
    let since = generation()
    socket.on('close', () => {
      this.#links.delete(link)
      if (since === generation()) this.#gone.push(link)
    })
    socket.on('data', (chunk) => {
      since = generation()
      link.text += chunk.toString('latin1')
      this.#read(link)
    })
  }

  #read(link: Link): void {
    while (link.broken === undefined && link.offset < link.text.length) {
      const reading = readRequest(link.text, link.offset)
      if (reading.kind === 'broken') {
        link.broken = `${reading.why} in ${JSON.stringify(link.text.slice(link.offset, link.offset + 300))}`
        return
      }
      if (reading.kind === 'part') {
        link.partial = reading.message
        if (reading.message !== undefined) this.#onHead(link, reading.message)
        return
      }
      link.partial = undefined
      link.offset = reading.next
      link.continued = false
      this.#whole.push({ message: reading.message, connection: link.id })
      if (!link.early) this.#running.push(this.#answer(link, reading.message))
      link.early = false
    }
  }

  #onHead(link: Link, message: Message): void {
    if (this.script?.on === 'head') {
      if (link.early) return
      link.early = true
      return void this.#running.push(this.#answer(link, message))
    }
    if (link.continued || valuesOf(message.fields, 'expect').length === 0) return
    link.continued = true
    link.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  }

  async #answer({ socket }: Link, message: Message): Promise<void> {
    const target = targetOf(message)
    if (this.script !== undefined && !isProbe(target)) return follow(socket, this.script.steps)
    const body = `ok ${methodOf(message)} ${target}`
    const whole = methodOf(message) === 'HEAD' ? '' : body
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${whole}`,
      'latin1',
    )
    if (valuesOf(message.fields, 'connection').includes('close') || message.start.endsWith('1.0')) socket.end()
  }
}

/** Ends a connection and waits until the other side has, too; a side that doesn't is not waited for. */
async function gone(socket: Socket): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.end()
  if (!socket.destroyed) await Promise.race([closed, pause(500, undefined, { ref: false })])
}

async function follow(socket: Socket, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step === 'END') await gone(socket)
    else if (step === 'RESET') socket.resetAndDestroy()
    else if (typeof step === 'string') {
      if (step !== 'HOLD') await new Promise((resolve) => socket.write(step, 'latin1', resolve))
    } else if ('pause' in step) await pause(step.pause)
  }
}
