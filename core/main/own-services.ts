import type { Settings } from '../../config/read/settings.ts'
import type { Logger } from '../api/logger.ts'
import type { ServiceKey } from '../api/service.ts'
import type { LoadTrigger } from '../control/config-control.ts'
import { type ChangedEndpoints, ConfigKey, OwnConfigEvents } from '../control/config-events.ts'
import { GatewayEventsKey, OwnGatewayEvents } from '../control/gateway-events.ts'
import { KnownTokens, OwnTokensKey } from '../control/tokens.ts'
import { LogLevels } from './log-levels.ts'

/** What a load is, for every process that it reaches. Plain data. */
export interface LoadAbout {
  readonly version: string
  readonly trigger: LoadTrigger
  readonly changed: ChangedEndpoints
}

/** Settings as workers get them. */
export type ToldSettings = Settings & { readonly about: LoadAbout }

export const NO_CHANGES: ChangedEndpoints = { added: [], removed: [], changed: [] }

/** The services that each process has for itself, workers too. */
export class OwnServices {
  readonly config: OwnConfigEvents
  readonly events: OwnGatewayEvents
  readonly levels = new LogLevels()
  /** What this process knows of the gateway's own tokens. */
  readonly tokens = new KnownTokens()

  constructor(log: Logger) {
    this.config = new OwnConfigEvents(log)
    this.events = new OwnGatewayEvents(log)
  }

  get byKey(): readonly (readonly [ServiceKey<unknown>, unknown])[] {
    return [
      [ConfigKey, this.config],
      [GatewayEventsKey, this.events],
      [OwnTokensKey, this.tokens],
    ]
  }
}
