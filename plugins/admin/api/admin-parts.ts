import type {
  ConfigControl,
  EndpointControl,
  GatewayStatus,
  HealthControl,
  LogControl,
  RecentExchanges,
  RouterControl,
  Statistics,
} from '../../../core/index.ts'
import type { EventRing } from './event-ring.ts'

/** What the operations show and change. Undefined: this process has no such service. */
export interface AdminParts {
  readonly status: GatewayStatus
  readonly config: ConfigControl
  readonly endpoints: EndpointControl
  readonly health: HealthControl
  readonly statistics: Statistics | undefined
  readonly exchanges: RecentExchanges | undefined
  readonly router: RouterControl | undefined
  readonly log: LogControl | undefined
  readonly events: EventRing | undefined
}
