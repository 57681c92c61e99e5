import { STATUS_CODES } from 'node:http'
import { HeaderList, WeirError } from '../../core/index.ts'
import { downstreamFields, switchFields } from './fields.ts'

/** What no reason phrase may hold (RFC 9112 §4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/

/** The fields of an answer as they go on, or what is wrong with its head. */
export function answerFields(
  raw: readonly (Buffer | string)[],
  status: number,
  reason: string,
): HeaderList | WeirError {
  if (reason !== STATUS_CODES[status] && CONTROLS.test(reason)) return wrong('control characters in the status line')
  const headers = downstreamFields(raw)
  if (headers === undefined) return wrong('a transfer coding other than chunked')
  if (status === 204) headers.delete('content-length') // RFC 9110 §8.6: it has none
  return headers
}

/** The fields of an interim response (RFC 9110 §15.2) as they go on, or what is wrong with it. */
export function interimFields(raw: readonly (Buffer | string)[], status: number): HeaderList | WeirError {
  if (status < 100) return wrong('no status code')
  // One that names no protocol: RFC 9110 §7.8.
  if (status === 101) return wrong('a switch to nothing')
  const headers = downstreamFields(raw) ?? new HeaderList()
  headers.delete('content-length') // RFC 9110 §8.6: it has none
  return headers
}

/**
 * The fields of a 101 as they go on, or what is wrong with it.
 * @param asked the protocol that the client offered
 * @param got the one that the upstream names
 */
export function switchAnswerFields(
  raw: readonly (Buffer | string)[],
  asked: unknown,
  got: string | string[] | undefined,
): HeaderList | WeirError {
  const protocol = String(got)
  // RFC 9110 §7.8: a server can't switch to what was not offered.
  if (protocol.toLowerCase() !== String(asked).toLowerCase())
    return wrong('a switch to a protocol that was not offered')
  return switchFields(raw, protocol) ?? wrong('a transfer coding in a 101')
}

const wrong = (why: string): WeirError => new WeirError('upstream_protocol_error', why)
