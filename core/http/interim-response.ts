import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { HeaderList } from '../api/header-list.ts'
import { rawHead } from './head-writer.ts'

/**
 * Sends an interim response (RFC 9110 §15.2). Does nothing once the final head is out; for HTTP/1.0; and for a client that reads
 * slowly: it would be useless, and fill the memory.
 * @throws TypeError for a field that can't be on the wire
 */
export function sendInterim(req: IncomingMessage, res: ServerResponse, status: number, headers: HeaderList): void {
  const { headersSent, socket } = res
  if (headersSent || req.httpVersionMinor === 0 || socket?.writable !== true || socket.writableNeedDrain) return
  socket.write(rawHead(status, STATUS_CODES[status] ?? '', headers), 'latin1')
}
