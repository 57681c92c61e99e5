import type { Tunnel } from './tunnel.ts'

/** The tunnels of a listener. */
export class Tunnels {
  readonly #all = new Set<Tunnel>()
  #leaving = false

  add(tunnel: Tunnel): void {
    this.#all.add(tunnel)
    if (this.#leaving) tunnel.leave()
  }

  delete(tunnel: Tunnel): void {
    this.#all.delete(tunnel)
  }

  /** The gateway goes away: tunnels are told so, those that are still to come as soon as they are made. */
  leave(): void {
    this.#leaving = true
    for (const tunnel of this.#all) tunnel.leave()
  }

  /** Cuts them all. */
  destroy(): void {
    for (const tunnel of this.#all) tunnel.destroy()
  }
}
