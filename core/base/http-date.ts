import { startTimer } from './timer.ts'

let date: string | undefined

/** The present time as `Date` has it (RFC 9110 §6.6.1). It is made once a second. */
export function httpDate(): string {
  if (date === undefined) {
    const now = new Date()
    date = now.toUTCString()
    startTimer(1000 - now.getMilliseconds(), () => (date = undefined), { background: true })
  }
  return date
}
