import { frameAt } from '../../plugins/tokens/log-frames.ts'
import type { TokenRecord } from '../../plugins/tokens/records.ts'
import { readOrdinaryFile } from '../base/read-file.ts'
import type { Revocation } from '../control/tokens.ts'

/** MiB: no gateway with its bounds has written a larger file. */
const LARGEST = 1024

/**
 * What the state file of the gateway says was revoked, up to its last whole record. Changes nothing, and needs no lock.
 * @throws Error in words for the operator if there is no such file, or it can't be read
 */
export function writtenRevocations(file: string): readonly Revocation[] {
  const bytes = readOrdinaryFile(file, LARGEST)
  const sids = new Map<string, string>()
  const revoked: Revocation[] = []
  let frame = frameAt<TokenRecord>(bytes, 0)
  if (frame === undefined) throw new Error('the file holds something else')
  for (; frame !== undefined; frame = frameAt<TokenRecord>(bytes, frame.end))
    for (const record of frame.frame.records) {
      if (record.t === 'open') {
        const { id, sid, ended } = record.session
        sids.set(id, sid)
        if (ended !== undefined) revoked.push([sid, ended])
      } else if (record.t === 'end') {
        const sid = sids.get(record.id)
        if (sid !== undefined) revoked.push([sid, record.until])
      } else if (record.t === 'jti') revoked.push([record.id, record.until])
    }
  return revoked
}
