import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { ResponseEnd } from '../chain/response-end.ts'
import type { Connection } from './connection.ts'
import type { DownstreamLimits } from './downstream-limits.ts'
import type { Framing } from './early-reply.ts'
import type { RequestBody } from './request-body.ts'
import type { UpgradeHandshake } from './tunnel/upgrade-handshake.ts'

/** Is told how a response ended. */
export interface ResponseOwner {
  /** Called once, when the response's stream has closed. */
  responseEnded(end: ResponseEnd): void
}

/** What a response belongs to. */
export interface ResponseContext {
  readonly connection: Connection
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly requestBody: RequestBody | undefined
  readonly framing: Framing
  readonly timers: TimerWheel
  /** How slowly the client may take the response. */
  readonly limits: DownstreamLimits
  /** Set if the client offered to switch protocols. */
  readonly handshake: UpgradeHandshake | undefined
  readonly owner: ResponseOwner
}
