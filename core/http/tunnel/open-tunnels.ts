import type { Tunnel } from './tunnel.ts'

/** The tunnels of a listener. */
export class OpenTunnels {
  readonly #all = new Set<Tunnel>()
  #leaving = false

  add(tunnel: Tunnel): void {
    this.#all.add(tunnel)
    if (this.#leaving) tunnel.leave()
  }

  delete(tunnel: Tunnel): void {
    this.#all.delete(tunnel)
  }

  /** The gateway stops: every tunnel leaves, and later ones as soon as they are opened. */
  leave(): void {
    this.#leaving = true
    for (const tunnel of this.#all) tunnel.leave()
  }

  /** Closes all of them at once. */
  destroy(): void {
    for (const tunnel of this.#all) tunnel.destroy()
  }
}
