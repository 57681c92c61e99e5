import type { Duplex } from 'node:stream'
import { type IdleOwner, IdleWatchdog } from '../../base/idle-watchdog.ts'
import type { Deadline, TimerWheel } from '../../base/timer-wheel.ts'
import { Flow, type FlowOwner, reset } from './tunnel-flow.ts'
import { closeFrame, FrameTracker, GOING_AWAY } from './websocket-frames.ts'

/** How long both sides may take, once the gateway has said that it goes away. */
const LEAVE_MS = 5000
/** A tunnel of which one side has ended lasts no longer than this in silence, even without an idle timeout. */
const HALF_CLOSED_MS = 3_600_000

export interface TunnelParts {
  readonly downstream: Duplex
  readonly upstream: Duplex
  /** What the client sent behind the head of its request. */
  readonly head: Buffer
  readonly protocol: string
  /** Silence, both ways, after which the gateway ends it; milliseconds, or infinite. */
  readonly idleMs: number
  readonly timers: TimerWheel
  /** Called once, when both sides have closed. */
  readonly onOver: () => void
}

/**
 * Two sockets joined, with backpressure both ways. The end of one direction ends that direction alone; a side that breaks
 * takes the other with it.
 */
export class Tunnel implements FlowOwner, IdleOwner {
  readonly #parts: TunnelParts
  readonly #up: Flow
  readonly #down: Flow
  readonly #webSocket: boolean
  readonly #watchdog: IdleWatchdog
  /** Until the sockets are cut, while leaving. */
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
    // It may have closed before it came here, and does not tell again.
    if (upstream.closed) this.#closed(upstream)
  }

  /**
   * The gateway goes away. A WebSocket is told so, both ways (RFC 6455 §5.5.1), and is cut if it has not ended 5 s later;
   * other protocols have no word for it, and go on.
   */
  leave(): void {
    if (!this.#webSocket || this.#leaving) return
    this.#cutLater()
    const [up, down] = [this.#up.frames!, this.#down.frames!]
    if (up.broken || down.broken) return this.#reset()
    // One side has said Close already: the other's answer is on its way.
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
    // RFC 6455 §7.1.1: Close sent and received, the server closes first.
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
    this.#watchdog.stop()
    if (this.#open > 0) this.#deadline = this.#parts.timers.after(LEAVE_MS, () => this.#cut())
  }

  /** A side that has been told is closed, so that no reset overtakes what it was told; the other is reset. */
  #cut(): void {
    for (const { to, over } of [this.#up, this.#down]) {
      if (over) to.destroy()
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
