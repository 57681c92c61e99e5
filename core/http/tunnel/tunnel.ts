import type { Duplex } from 'node:stream'
import { type IdleOwner, IdleWatchdog } from '../../base/idle-watchdog.ts'
import type { Deadline, TimerWheel } from '../../base/timer-wheel.ts'
import { Flow, type FlowOwner, reset } from './tunnel-flow.ts'
import { closeFrame, FrameTracker, GOING_AWAY } from './websocket-frames.ts'

/** How long both sides may take to end, after the gateway has sent its Close frames; milliseconds. */
const LEAVE_MS = 5000
/** Idle timeout of a tunnel of which one side has ended, even if it has none otherwise; milliseconds. */
const HALF_CLOSED_MS = 3_600_000

export interface TunnelParts {
  readonly downstream: Duplex
  readonly upstream: Duplex
  /** What the client sent after the head of its request. */
  readonly head: Buffer
  readonly protocol: string
  /** The tunnel ends after this long without a byte in either direction; milliseconds, or infinite. */
  readonly idleMs: number
  readonly timers: TimerWheel
  /** Called once, when both sides have closed. */
  readonly onOver: () => void
}

/**
 * Joins two sockets, with backpressure both ways. The end of one direction ends that direction alone. If one side breaks off,
 * the other is reset.
 */
export class Tunnel implements FlowOwner, IdleOwner {
  readonly #parts: TunnelParts
  readonly #up: Flow
  readonly #down: Flow
  readonly #webSocket: boolean
  readonly #watchdog: IdleWatchdog
  /** While leaving: when the sockets are cut. */
  #deadline: Deadline | undefined
  #leaving = false
  #open = 2

  constructor(parts: TunnelParts) {
    const { downstream, upstream, head, timers } = parts
    this.#parts = parts
    this.#webSocket = parts.protocol.toLowerCase() === 'websocket'
    const frames = (masked: boolean) => (this.#webSocket ? new FrameTracker(masked) : undefined)
    this.#up = new Flow(downstream, upstream, frames(true), this)
    this.#down = new Flow(upstream, downstream, frames(false), this)
    this.#watchdog = new IdleWatchdog(timers, this)
    for (const socket of [downstream, upstream]) {
      socket.on('error', () => this.#reset())
      socket.once('close', () => this.#closed(socket))
    }
    this.#watchdog.start()
    this.#up.start(head)
    this.#down.start()
    // It may have closed already; then it emits no event.
    if (upstream.closed) this.#closed(upstream)
  }

  /**
   * The gateway stops. On a WebSocket both sides get a Close frame (RFC 6455 §5.5.1), and the tunnel is cut if it has not ended
   * 5 s later. Other protocols have no such message, and go on.
   */
  leave(): void {
    if (!this.#webSocket || this.#leaving) return
    this.#cutLater()
    const [up, down] = [this.#up.frames!, this.#down.frames!]
    if (up.broken || down.broken) return this.#reset()
    // One side has sent a Close already; the other replies to it.
    if (up.closed || down.closed) return
    this.#down.leave(closeFrame(GOING_AWAY, false))
    this.#up.leave(closeFrame(GOING_AWAY, true))
  }

  /** Closes both sides at once. */
  destroy(): void {
    this.#parts.downstream.destroy()
    this.#parts.upstream.destroy()
  }

  moved(): void {
    this.#watchdog.touch()
  }

  ended(): void {
    if (!this.#leaving && this.#open > 0) this.#watchdog.limitChanged()
  }

  heard(): void {
    const [up, down] = [this.#up, this.#down]
    if (up.frames!.broken || down.frames!.broken) return this.#reset()
    const { downstream, upstream } = this.#parts
    // RFC 6455 §7.1.1: after Close was sent and received, the server closes first.
    if (up.frames!.closed && down.over) {
      downstream.end()
      upstream.end()
    } else if (down.frames!.closed && up.over) upstream.end()
  }

  idleLimit(): number {
    const { idleMs } = this.#parts
    return this.#up.over || this.#down.over ? Math.min(idleMs, HALF_CLOSED_MS) : idleMs
  }

  onIdle(): void {
    if (this.#webSocket) return this.leave()
    this.#cutLater()
    this.#up.end()
    this.#down.end()
  }

  #cutLater(): void {
    this.#leaving = true
    if (this.#open > 0) this.#deadline = this.#parts.timers.after(LEAVE_MS, () => this.#cut())
  }

  /** A side that got a Close frame is closed, so that no reset overtakes the frame; one that does not read is reset. */
  #cut(): void {
    for (const { to, over } of [this.#up, this.#down]) {
      if (over && to.writableLength === 0) to.destroy()
      else reset(to)
    }
  }

  #reset(): void {
    reset(this.#parts.downstream)
    reset(this.#parts.upstream)
  }

  #closed(socket: Duplex): void {
    if (!socket.readableEnded || !socket.writableFinished) this.#reset()
    if (--this.#open > 0) return
    this.#watchdog.stop()
    this.#deadline?.cancel()
    this.#parts.onOver()
  }
}
