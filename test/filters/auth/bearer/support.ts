import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A key pair with its name. */
export interface Signer {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: Record<string, unknown>
}

export function signer(kid: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } }
}

/** An issuer that publishes keys, on a real socket. What it sends can be changed at any time. */
export class KeyServer {
  readonly #server = createServer((req, res) => this.#respond(req, res))
  signers: readonly Signer[] = []
  /** Fetches of the JWK set. */
  fetches = 0
  cacheControl: string | undefined
  /** In place of the JWK set. */
  respond: ((req: IncomingMessage, res: ServerResponse) => void) | undefined
  /** In place of the metadata. */
  metadata: Record<string, unknown> | undefined
  port = 0

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(this.port, '127.0.0.1', done))
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get jwks(): string {
    return `${this.issuer}/jwks`
  }

  /** Nobody can connect any more. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  #respond(req: IncomingMessage, res: ServerResponse): void {
    if (req.url === '/.well-known/openid-configuration') {
      res.setHeader('content-type', 'application/json')
      return void res.end(JSON.stringify(this.metadata ?? { issuer: this.issuer, jwks_uri: this.jwks }))
    }
    this.fetches++
    if (this.respond !== undefined) return this.respond(req, res)
    if (this.cacheControl !== undefined) res.setHeader('cache-control', this.cacheControl)
    res.setHeader('content-type', 'application/jwk-set+json')
    res.end(JSON.stringify({ keys: this.signers.map(({ jwk }) => jwk) }))
  }
}
