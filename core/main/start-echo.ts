import type { Settings } from '../../config/read/settings.ts'
import { echoService } from '../../plugins/echo/echo-service.ts'
import type { Service } from '../api/service.ts'

/** Starts the echo service, if there is to be one. Rejects if it can't listen. */
export async function startEcho(address: Settings['echo']): Promise<Service | undefined> {
  if (address === undefined) return undefined
  const echo = echoService({ host: address.host ?? '127.0.0.1', port: address.port })
  await echo.start()
  return echo
}
