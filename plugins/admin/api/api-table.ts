import type { AnyOperation } from './api-operation.ts'
import { BREAKERS } from './breaker-operations.ts'
import { CONFIG } from './config-operations.ts'
import { EVENTS } from './event-operations.ts'
import { EXCHANGES } from './exchange-operations.ts'
import { HEALTH } from './health-operations.ts'
import { LOGGING } from './logging-operations.ts'
import { meta } from './meta-operations.ts'
import { openApi } from './open-api.ts'
import { REGISTRY } from './registry-operations.ts'
import { ROUTER } from './router-operations.ts'
import { STATISTICS } from './statistics-operations.ts'

/** The same for the life of the process; made when somebody wants it. */
let made: ReturnType<typeof openApi> | undefined
function document(version: string): ReturnType<typeof openApi> {
  made ??= openApi(OPERATIONS, version)
  return made
}

/** All operations of the API. Another one belongs into the list of its group; everything else follows from it. */
export const OPERATIONS: readonly AnyOperation[] = [
  ...meta({
    document,
    list: () =>
      OPERATIONS.map(({ method, path, summary }) => `${method.padEnd(6)} ${path.padEnd(33)} ${summary}\n`).join(''),
  }),
  ...HEALTH,
  ...BREAKERS,
  ...CONFIG,
  ...REGISTRY,
  ...ROUTER,
  ...STATISTICS,
  ...EXCHANGES,
  ...LOGGING,
  ...EVENTS,
]
