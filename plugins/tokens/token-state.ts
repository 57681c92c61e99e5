import { createHmac, randomBytes } from 'node:crypto'
import type { Clock, Logger, Revocation } from '../../core/index.ts'
import { OwnerLock } from './owner-lock.ts'
import type { SessionData, TokenRecord } from './records.ts'
import { readRefreshToken, refreshToken } from './refresh-token.ts'
import { Revocations } from './revocations.ts'
import { Sessions, StateFull, shareOf } from './sessions.ts'
import { LogUnavailable, TokenLog } from './token-log.ts'

/** A revocation outlasts its token by so much: verifiers may tolerate that clocks differ. */
const TOLERANCE_MS = 10 * 60_000
/** Records that are written at once where many sessions end. */
const AT_ONCE = 500

/** What a refresh token is, at the moment when it is presented. */
export type Presented =
  | { readonly is: 'unknown' | 'ended' }
  | { readonly is: 'current' | 'under-way' | 'reused'; readonly session: SessionData }

export interface TokenStateParts {
  readonly file: string
  readonly clock: Clock
  readonly log: Logger
  readonly maxSessions: number
}

/** Sessions and revocations, as the file has them: memory changes after the disk. One process owns it. */
export class TokenState {
  readonly #clock: Clock
  readonly #lock: OwnerLock
  readonly #revocations: Revocations
  readonly #sessions: Sessions
  /** The same revocations as `#sessions` has, to look up. */
  readonly #revokedSids = new Set<string>()
  /** Sessions whose token is being rotated. */
  readonly #underWay = new Set<string>()
  #log!: TokenLog<TokenRecord>
  #secret!: Buffer
  #share: number

  private constructor({ clock, maxSessions }: TokenStateParts, lock: OwnerLock) {
    this.#clock = clock
    this.#lock = lock
    this.#sessions = new Sessions(clock, maxSessions)
    this.#revocations = new Revocations(clock)
    this.#share = shareOf(maxSessions)
  }

  /** @throws Error for the operator, which names the file; nothing has changed then */
  static async open(parts: TokenStateParts): Promise<TokenState> {
    const lock = await OwnerLock.take(`${parts.file}.lock`)
    try {
      const state = new TokenState(parts, lock)
      await state.#open(parts)
      return state
    } catch (error) {
      lock.release()
      throw error
    }
  }

  async #open({ file, clock, log }: TokenStateParts): Promise<void> {
    let latest = 0
    const head = (): TokenRecord => ({ t: 'head', version: 1, secret: randomBytes(32).toString('base64url') })
    this.#log = await TokenLog.open<TokenRecord>(
      { file, clock, log, live: () => this.#records() },
      () => [head()],
      (record, at) => {
        latest = Math.max(latest, at)
        this.#take(record, at)
      },
    )
    this.#sessions.settle(latest)
    this.#revocations.settle(latest)
    if ((this.#secret as Buffer | undefined) === undefined) {
      await this.#log.close()
      throw new Error(`"${file}": the file has no secret: another version of Weir wrote it`)
    }
    this.forget()
  }

  async close(): Promise<void> {
    await this.#log.close()
    this.#lock.release()
  }

  set maxSessions(most: number) {
    this.#sessions.most = most
    this.#share = shareOf(most)
  }

  get liveSessions(): number {
    return this.#sessions.live
  }

  /** All that is revoked. */
  get revoked(): Revocation[] {
    return [...this.#sessions.revoked(), ...this.#revocations.news()]
  }

  isRevoked(jti: unknown, sid: unknown): boolean {
    return (
      (typeof jti === 'string' && this.#revocations.has(jti)) || (typeof sid === 'string' && this.#revokedSids.has(sid))
    )
  }

  /** What changes when a text does, and tells nothing of it. */
  stampOf(text: string): string {
    return createHmac('sha256', this.#secret).update(`stamp ${text}`).digest('base64url').slice(0, 22)
  }

  /**
   * Begins a session; the oldest ones of its subject end where it has too many.
   * @throws StateFull, LogUnavailable
   */
  async begin(
    data: Omit<SessionData, 'id' | 'sid' | 'generation' | 'ended'>,
  ): Promise<{ readonly session: SessionData; readonly token: string; readonly ended: Revocation[] }> {
    if (!this.#sessions.hasRoom(data.subject)) throw new StateFull('there is no room for one more session')
    const [id, sid] = [randomBytes(16).toString('base64url'), randomBytes(16).toString('base64url')]
    const session: SessionData = { ...data, id, sid, generation: 0, ended: undefined }
    const ends = this.#sessions.surplus(data.subject).map((one) => this.#endOf(one))
    await this.#append([...ends, { t: 'open', session }])
    return { session, token: refreshToken(this.#secret, id, 0), ended: this.#newsOf(ends) }
  }

  /** @param text a refresh token, or anything else */
  present(text: string): Presented {
    const told = readRefreshToken(this.#secret, text)
    const session = told && this.#sessions.get(told.id)
    if (session === undefined || session.expires <= this.#clock.wall()) return { is: 'unknown' }
    if (session.ended !== undefined) return { is: 'ended' }
    if (told!.generation !== session.generation) return { is: 'reused', session }
    return { is: this.#underWay.has(session.id) ? 'under-way' : 'current', session }
  }

  /** The session of a refresh token of any generation; undefined if it has none. */
  sessionOf(text: string): SessionData | undefined {
    const told = readRefreshToken(this.#secret, text)
    return told && this.#sessions.get(told.id)
  }

  /**
   * Replaces the refresh token of a session, which must be current.
   * @param tokensUntil when the access token that comes with it is over
   * @returns the next token; undefined if the session was revoked meanwhile
   * @throws LogUnavailable: the token of before stays
   */
  async rotate(session: SessionData, tokensUntil: number): Promise<string | undefined> {
    const { id } = session
    const generation = session.generation + 1
    this.#underWay.add(id)
    try {
      await this.#append([{ t: 'turn', id, generation, tokensUntil }])
    } finally {
      this.#underWay.delete(id)
    }
    return session.ended === undefined ? refreshToken(this.#secret, id, generation) : undefined
  }

  /**
   * Revokes sessions, with their access tokens.
   * @returns what all processes must know
   * @throws LogUnavailable
   */
  async end(sessions: readonly SessionData[]): Promise<Revocation[]> {
    const news: Revocation[] = []
    for (let i = 0; i < sessions.length; i += AT_ONCE) {
      const ends = sessions.slice(i, i + AT_ONCE).map((one) => this.#endOf(one))
      await this.#append(ends)
      news.push(...this.#newsOf(ends))
    }
    return news
  }

  /** Those that are not revoked, and for which that holds. */
  sessionsWhere(holds: (session: SessionData) => boolean): SessionData[] {
    return [...this.#sessions.all()].filter((session) => session.ended === undefined && holds(session))
  }

  /**
   * Revokes an access token.
   * @param expires milliseconds since the Unix epoch
   * @throws StateFull, LogUnavailable
   */
  async revoke(jti: string, subject: string, expires: number): Promise<Revocation[]> {
    const until = expires + TOLERANCE_MS
    // Again: the first time may not have reached every process.
    if (this.#revocations.has(jti)) return [[jti, until]]
    if (!this.#revocations.hasRoom(subject, this.#share))
      throw new StateFull('there is no room for one more revocation')
    await this.#append([{ t: 'jti', id: jti, subject, until }])
    return [[jti, until]]
  }

  /** Forgets what is over. */
  forget(): void {
    this.#sessions.forget()
    this.#revocations.forget()
    this.#revokedSids.clear()
    for (const [sid] of this.#sessions.revoked()) this.#revokedSids.add(sid)
  }

  #endOf({ id, tokensUntil }: SessionData) {
    return { t: 'end', id, until: Math.max(tokensUntil, this.#clock.wall()) + TOLERANCE_MS } as const
  }

  #newsOf(ends: readonly { readonly id: string; readonly until: number }[]): Revocation[] {
    return ends.flatMap(({ id, until }): Revocation[] => {
      const session = this.#sessions.get(id)
      return session === undefined ? [] : [[session.sid, until]]
    })
  }

  async #append(records: readonly TokenRecord[]): Promise<void> {
    await this.#log.append(records)
    const at = this.#clock.wall()
    for (const record of records) this.#take(record, at)
  }

  #take(record: TokenRecord, at: number): void {
    switch (record.t) {
      case 'head':
        if (record.version !== 1) throw new LogUnavailable('another version of Weir wrote it')
        this.#secret = Buffer.from(record.secret, 'base64url')
        break
      case 'open':
        this.#sessions.open(record.session, at)
        break
      case 'turn':
        this.#sessions.turn(record.id, record.generation, record.tokensUntil)
        break
      case 'end': {
        this.#sessions.end(record.id, record.until, at)
        const sid = this.#sessions.get(record.id)?.sid
        if (sid !== undefined) this.#revokedSids.add(sid)
        break
      }
      case 'jti':
        this.#revocations.add(record.id, record.subject, record.until, at)
    }
  }

  *#records(): Generator<TokenRecord> {
    yield { t: 'head', version: 1, secret: this.#secret.toString('base64url') }
    for (const session of this.#sessions.all()) yield { t: 'open', session }
    for (const { id, subject, until } of this.#revocations.all()) yield { t: 'jti', id, subject, until }
  }
}
