import { duplicateMember } from '../../core/index.ts'
import { hasControls } from './names.ts'
import { invalidRequest, TokenRefusal } from './token-replies.ts'

/** What a client sent. Parameters without a value are left out (RFC 6749 §3.2). */
export type Parameters = ReadonlyMap<string, string>

const MAX_BYTES = 16 * 1024
const MAX_PARAMETERS = 20
const TYPE = /^application\/(x-www-form-urlencoded|json)[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i

/**
 * The parameters in a body: a form, or a JSON object with texts.
 * @throws TokenRefusal
 */
export function parametersOf(contentType: string | undefined, body: Uint8Array): Parameters {
  if (body.length === 0) return new Map()
  if (body.length > MAX_BYTES)
    throw new TokenRefusal(413, 'body_too_large', 'the body is longer than 16 KiB', { error: 'invalid_request' })
  const kind = TYPE.exec(contentType ?? '')?.[1]?.toLowerCase()
  if (kind === undefined)
    throw new TokenRefusal(
      415,
      'unsupported_media_type',
      'the body must be application/x-www-form-urlencoded or application/json, in UTF-8',
      { error: 'invalid_request' },
    )
  const pairs = kind === 'json' ? jsonPairs(textOf(body)) : formPairs(textOf(body))
  if (pairs.length > MAX_PARAMETERS) throw invalidRequest('there are too many parameters')
  const parameters = new Map<string, string>()
  for (const [name, value] of pairs) {
    // RFC 6749 §3.2: none is there more than once.
    if (parameters.has(name)) throw invalidRequest('a parameter is repeated')
    if (hasControls(name) || hasControls(value)) throw invalidRequest('a parameter has control characters')
    parameters.set(name, value)
  }
  for (const [name, value] of parameters) if (value === '') parameters.delete(name)
  return parameters
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch {
    throw invalidRequest('the body is not UTF-8')
  }
}

function formPairs(text: string): [string, string][] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      return at === -1
        ? [unescapedForm(pair), '']
        : [unescapedForm(pair.slice(0, at)), unescapedForm(pair.slice(at + 1))]
    })
}

function unescapedForm(text: string): string {
  const decoded = formDecoded(text)
  if (decoded === undefined) throw invalidRequest('the form is not encoded as it must be')
  return decoded
}

/** A text without the escapes of forms; undefined if they are wrong. */
export function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function jsonPairs(text: string): [string, string][] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalidRequest('the body is not valid JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidRequest('the body must be a JSON object')
  if (duplicateMember(text) !== undefined) throw invalidRequest('a parameter is repeated')
  return Object.entries(value as Record<string, unknown>).map(([name, one]) => {
    if (typeof one !== 'string') throw invalidRequest('the value of every parameter must be a text')
    return [name, one]
  })
}
