import type { Channel } from './channel.ts'

/** Messages that wait at most until the other process reads. It reads none while its event loop is blocked. */
const LIMIT = 1000

/** What a child process and its `process` have in common. */
interface End {
  readonly connected: boolean
  send?(message: object, sent: (error: Error | null) => void): boolean
  on(event: 'message' | 'disconnect', fn: (message: unknown) => void): unknown
  disconnect?(): void
}

/**
 * A channel to the other process, over Node's IPC with `serialization: 'advanced'`.
 * @param end the child process, or `process` in the child
 */
export function processChannel<In, Out>(end: End): Channel<In, Out> {
  let waiting = 0
  const sendAlways = (message: Out): boolean => {
    if (!end.connected) return false
    waiting++
    // An error means that the channel is closed, which `disconnect` tells.
    end.send?.(message as object, () => void waiting--)
    return true
  }
  return {
    send: (message) => waiting < LIMIT && sendAlways(message),
    sendAlways,
    onMessage: (receive) => void end.on('message', (message) => receive(message as In)),
    onClose(closed) {
      if (end.connected) end.on('disconnect', closed)
      else closed()
    },
    close: () => void (end.connected && end.disconnect?.()),
  }
}
