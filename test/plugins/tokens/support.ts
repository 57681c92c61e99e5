import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { KnownTokens } from '../../../core/control/own-tokens.ts'
import type { TokenNews, TokenReply, TokenRequest, TokenSettings } from '../../../core/index.ts'
import { ManualClock, MemoryMeter, RecordingLogger } from '../../../core/testing.ts'
import { OwnTokenIssuer } from '../../../plugins/tokens/token-issuer.ts'

interface Cleaner {
  teardown(fn: () => unknown): unknown
}

/** A clock that is set back and forth; the monotonic time goes on. */
export class JumpingClock extends ManualClock {
  #jumped = 0

  override wall(): number {
    return super.wall() + this.#jumped
  }

  /** @param ms milliseconds; negative: back */
  jump(ms: number): void {
    this.#jumped += ms
  }
}

/** A folder of its own: the modes of files in it are those of a gateway. */
export async function folder(t: Cleaner): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'weir-tokens-')))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** "correct horse" with bcrypt of the lowest cost. */
export const HORSE = '$2y$04$GPYe3dyMZZYIatgl0MsIH.hzl6A2eDt43c8vnAV7m9EOulIpruNAG'
export const SECRET = 'a-secret-of-the-batch+client%2F'

export const USERS = `
- { name: ann, password: "${HORSE}", roles: [clerk], scopes: ["orders:read", "orders:write"] }
- { name: bob, password: "${HORSE}" }
`

export async function settingsIn(dir: string, more: Partial<TokenSettings> = {}): Promise<TokenSettings> {
  const secretFile = join(dir, 'batch.secret')
  await writeFile(join(dir, 'users.yaml'), USERS, { mode: 0o600 })
  await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 })
  return {
    issuer: 'https://gateway.test',
    audience: 'https://gateway.test',
    serve: { prefix: '/auth' },
    algorithm: 'ES256',
    keysDir: join(dir, 'keys'),
    rotateEveryMs: undefined,
    accessTtlMs: 900_000,
    refreshTtlMs: 30 * 86_400_000,
    usersFile: join(dir, 'users.yaml'),
    clients: [{ id: 'batch', secretFile, scopes: ['orders:read', 'stock:read'], roles: ['robot'] }],
    stateFile: join(dir, 'tokens.state'),
    maxSessions: 1000,
    ...more,
  }
}

/** An issuer that runs, and what it tells. */
export class Bench {
  readonly clock: JumpingClock
  readonly log = new RecordingLogger()
  readonly meter = new MemoryMeter()
  readonly known = new KnownTokens()
  readonly news: TokenNews[] = []
  readonly issuer: OwnTokenIssuer
  /** What `tell` does before it resolves. */
  telling: () => Promise<void> = async () => {}

  constructor(settings: TokenSettings, clock = new JumpingClock()) {
    this.clock = clock
    const { log, meter } = this
    const tell = async (news: TokenNews): Promise<void> => {
      this.news.push(news)
      await this.telling()
      this.known.learn(news, clock.wall())
    }
    this.issuer = new OwnTokenIssuer({ settings, clock, log, meter, tell })
  }

  /** Lines of the audit. */
  get audit() {
    return this.log.lines.filter(({ fields }) => fields.audit !== undefined).map(({ fields }) => fields)
  }

  send(operation: TokenRequest['operation'], more: Partial<TokenRequest> = {}): Promise<TokenReply> {
    const isGet = operation === 'user' || operation === 'jwks' || operation === 'metadata'
    return this.issuer.respond({
      operation,
      method: isGet ? 'GET' : 'POST',
      query: false,
      contentType: undefined,
      authorization: undefined,
      body: new Uint8Array(),
      address: '192.0.2.1',
      requestId: 'r-1',
      apiKey: undefined,
      ...more,
    })
  }

  /** Sends a form. */
  form(
    operation: TokenRequest['operation'],
    fields: Readonly<Record<string, string>>,
    more: Partial<TokenRequest> = {},
  ): Promise<TokenReply> {
    const body = Buffer.from(new URLSearchParams(fields).toString())
    return this.send(operation, { contentType: 'application/x-www-form-urlencoded', body, ...more })
  }

  /** Logs a user in. */
  async login(username = 'ann', more: Readonly<Record<string, string>> = {}): Promise<Issued> {
    return issued(await this.form('token', { grant_type: 'password', username, password: 'correct horse', ...more }))
  }

  refresh(token: string, more: Partial<TokenRequest> = {}): Promise<TokenReply> {
    return this.form('refresh', { refresh_token: token }, more)
  }
}

export async function started(t: Cleaner, settings: TokenSettings, clock?: JumpingClock): Promise<Bench> {
  const bench = new Bench(settings, clock)
  await bench.issuer.start()
  t.teardown(() => bench.issuer.stop())
  return bench
}

export interface Issued {
  readonly access: string
  readonly refresh: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

/** The tokens of a reply. */
export function issued(reply: TokenReply): Issued {
  const body = JSON.parse(reply.body) as Record<string, string>
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.body}`)
  return {
    access: body.access_token!,
    refresh: body.refresh_token!,
    claims: decodeJwt(body.access_token!),
    body,
  }
}

/** Status and error of a reply. */
export const told = ({ status, body }: TokenReply): string =>
  `${status} ${body === '' ? '' : ((JSON.parse(body) as { error?: string }).error ?? '')}`.trimEnd()

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** What `throws` compares a refusal with. */
export const refusal = (status: number): Error =>
  Object.assign(new Error(), { message: /./ as unknown, status }) as Error
