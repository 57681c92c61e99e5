import type { Socket } from 'node:net'
import type { Upgrade } from '../../api/reply.ts'
import type { TimerWheel } from '../../base/timer-wheel.ts'
import type { OpenTunnels } from './open-tunnels.ts'
import { Tunnel } from './tunnel.ts'

/** The client's side while its offer to switch protocols is open: Node's parser has released the socket. */
export class UpgradeHandshake {
  readonly #socket: Socket
  readonly #head: Buffer
  readonly #tunnels: OpenTunnels
  readonly #timers: TimerWheel
  /** Bytes that the connection carried before it became a tunnel. */
  #before: { readonly read: number; readonly written: number } | undefined

  /** @param head what the client sent after the head of its request */
  constructor(socket: Socket, head: Buffer, tunnels: OpenTunnels, timers: TimerWheel) {
    this.#socket = socket
    this.#head = head
    this.#tunnels = tunnels
    this.#timers = timers
  }

  /** Bytes that the tunnel took from the client and sent to it; undefined without a tunnel. */
  get transferred(): { readonly received: number; readonly sent: number } | undefined {
    const before = this.#before
    if (before === undefined) return undefined
    const { bytesRead, bytesWritten } = this.#socket
    return { received: bytesRead - before.read, sent: bytesWritten - before.written }
  }

  /**
   * Begins to watch the client, until there is a response. What it sends stays in the socket, up to its high-water mark. If it
   * ends its side without having sent anything, it has left; Node does the same with ordinary requests.
   */
  watch(): void {
    this.#socket.on('readable', this.#onReadable)
    this.#socket.on('end', this.#onEnd)
  }

  /** There is a response: stops watching. */
  settle(): void {
    this.#socket.off('readable', this.#onReadable)
    this.#socket.off('end', this.#onEnd)
  }

  /**
   * Sends the 101, and joins the two sides until both have closed (RFC 9110 §7.8).
   * @param head of the 101, as the upstream sent it (§15.2.2)
   */
  switch(head: string, upgrade: Upgrade, onOver: () => void): void {
    const downstream = this.#socket
    downstream.write(head, 'latin1')
    this.#before = { read: downstream.bytesRead - this.#head.length, written: downstream.bytesWritten }
    const tunnel: Tunnel = new Tunnel({
      downstream,
      upstream: upgrade.socket,
      head: this.#head,
      protocol: upgrade.protocol,
      idleMs: upgrade.idleMs,
      timers: this.#timers,
      onOver: () => {
        this.#tunnels.delete(tunnel)
        onOver()
      },
    })
    this.#tunnels.add(tunnel)
  }

  // A socket emits its end only after everything was read.
  readonly #onReadable = (): void => {
    if (this.#socket.readableLength === 0) this.#socket.read()
  }

  readonly #onEnd = (): void => {
    if (this.#head.length === 0) this.#socket.destroy()
  }
}
