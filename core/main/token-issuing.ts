import { tokenInputs, tokenPaths } from '../../config/read/tokens-settings.ts'
import { errorText } from '../base/error-text.ts'
import { digestOf } from '../base/file-digests.ts'
import { readOrdinaryFile } from '../base/read-file.ts'
import { ConfigError } from '../control/config-error.ts'
import {
  expectedTrust,
  type KnownTokens,
  type TokenIssuer,
  TokenIssuerKey,
  type TokenNews,
  type TokenSettings,
} from '../control/own-tokens.ts'
import type { AssemblyParts } from './assembly-parts.ts'
import { type IssuerParts, type MakeIssuer, makeIssuer, type RunningIssuer } from './make-issuer.ts'
import type { OwnServices } from './own-services.ts'

/** What issuing is made of. */
export interface IssuingParts extends Pick<IssuerParts, 'clock' | 'log' | 'meter'> {
  /** What this process knows of the gateway's own tokens. */
  readonly known: KnownTokens
  /** Tells the workers; undefined: there are none. */
  readonly tellWorkers: ((news: TokenNews) => Promise<void>) | undefined
  readonly make?: MakeIssuer | undefined
}

/** Issues the gateway's own tokens, in the one process that configures it, from its start to its end. */
export class TokenIssuing {
  /** For filters, and for workers. Rejects where no tokens are issued. */
  readonly service: TokenIssuer = {
    respond: async (request) => {
      if (this.#issuer === undefined) throw new Error('no tokens are issued')
      return this.#issuer.respond(request)
    },
  }
  readonly #parts: IssuingParts
  #issuer: RunningIssuer | undefined
  #settings: TokenSettings | undefined
  #files: ReadonlyMap<string, string> = new Map()

  constructor(parts: IssuingParts) {
    this.#parts = parts
  }

  /** @param parts a service of them in the place of the issuer counts */
  static of(
    { runtime, metrics, logger, workers, services = [] }: AssemblyParts,
    { tokens }: OwnServices,
  ): TokenIssuing {
    const given = services.find(([key]) => key.name === TokenIssuerKey.name)?.[1] as TokenIssuer | undefined
    return new TokenIssuing({
      clock: runtime.clock,
      log: logger,
      meter: metrics,
      known: tokens,
      tellWorkers: workers && ((news) => workers.tellTokens(news)),
      make: given && (async () => withoutLife(given)),
    })
  }

  /** Digests of the files of users and secrets, by absolute path: a change of one of them is a reload. */
  get files(): ReadonlyMap<string, string> {
    return this.#files
  }

  /** Every file and folder that the configuration names for tokens. */
  get paths(): readonly string[] {
    return tokenPaths(this.#settings)
  }

  /** Before filters are created: they accept the gateway's own tokens, as soon as there are keys. */
  expect(settings: TokenSettings | undefined): void {
    const { known, clock } = this.#parts
    if (settings !== undefined) known.learn({ trust: expectedTrust(settings) }, clock.wall())
  }

  /** Before listeners open, and before workers start. @throws ConfigError if it can't be issued as configured */
  async start(settings: TokenSettings | undefined): Promise<void> {
    if (settings === undefined) return
    const { clock, log, meter, make = makeIssuer } = this.#parts
    const files = digestsOf(settings)
    const issuer = await make({ settings, clock, log, meter, tell: (news) => this.#tell(news) })
    await Promise.resolve(issuer.start()).catch(refuse)
    this.#issuer = issuer
    this.#settings = settings
    this.#files = files
  }

  /**
   * Issues tokens as configured from now on; whether it issues any can't change. Rejects if nothing has changed.
   * @param commit makes the change last; if it rejects, tokens are issued as before
   */
  async apply(settings: TokenSettings | undefined, commit?: () => Promise<void>): Promise<void> {
    const before = this.#settings
    if (settings === undefined || before === undefined || this.#issuer === undefined) return commit?.()
    const files = digestsOf(settings)
    try {
      await this.#issuer.apply(settings).catch(refuse)
      await commit?.()
    } catch (error) {
      // It may have applied all but what a worker did not confirm. Where it can't read the files, it stays as it is.
      await this.#issuer.apply(before).catch(() => {})
      throw error
    }
    this.#settings = settings
    this.#files = files
  }

  /** After listeners have closed. */
  async stop(): Promise<void> {
    const issuer = this.#issuer
    this.#issuer = undefined
    await issuer?.stop()
  }

  async #tell(news: TokenNews): Promise<void> {
    const { known, clock, tellWorkers } = this.#parts
    known.learn(news, clock.wall())
    await tellWorkers?.(news)
  }
}

const withoutLife = (issuer: TokenIssuer): RunningIssuer => ({
  name: TokenIssuerKey.name,
  respond: (request) => issuer.respond(request),
  start() {},
  async apply() {},
  stop() {},
})

const refuse = (error: unknown): never => {
  throw error instanceof ConfigError ? error : new ConfigError([{ path: ['tokens'], message: errorText(error) }])
}

/** Read before the issuer reads them: what changes in between is seen as a change. */
function digestsOf(settings: TokenSettings): ReadonlyMap<string, string> {
  return new Map(
    tokenInputs(settings).map((path) => {
      try {
        return [path, digestOf(readOrdinaryFile(path))]
      } catch {
        return [path, '']
      }
    }),
  )
}
