import type { Duplex } from 'node:stream'
import { ERRORS, type ErrorCode } from './errors.ts'

// Checked where they are given, so that the error is that of the hook that gave them.

/** @throws TypeError unless it is a function */
export function demandFunction(fn: unknown, operation: string): void {
  if (typeof fn !== 'function') throw new TypeError(`body.${operation}() takes a function, found ${typeof fn}`)
}

/** @throws TypeError unless it is a stream that can be written and read */
export function demandTransform(transform: Duplex): void {
  if (typeof transform?.writableHighWaterMark !== 'number' || typeof transform.pause !== 'function')
    throw new TypeError('body.through() takes a Duplex stream')
}

/** @throws TypeError unless it is a number of bytes or undefined */
export function demandLength(bytes: number | undefined): number | undefined {
  if (bytes === undefined || (Number.isInteger(bytes) && bytes >= 0)) return bytes
  throw new TypeError('the length of a body is a number of bytes, or undefined')
}

/** @throws TypeError unless it is a number of bytes, and the code that of an error */
export function demandCap(cap: number, operation: string, code: ErrorCode = 'internal_error'): void {
  if (typeof cap !== 'number' || !(cap >= 0))
    throw new TypeError(`body.${operation}() takes a number of bytes, found ${typeof cap}`)
  if (!Object.hasOwn(ERRORS, code)) throw new TypeError(`body.${operation}() takes a code of an error, found "${code}"`)
}
