import { hasControls } from './names.ts'
import { formDecoded } from './parameters.ts'
import { invalidRequest } from './token-replies.ts'

/** What the field `Authorization` holds. */
export type GivenCredentials =
  | { readonly scheme: 'none' }
  | { readonly scheme: 'basic'; readonly user: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string }

const LONGEST = 16 * 1024
/** Characters of the field for Basic. */
const LONGEST_BASIC = 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws TokenRefusal for another scheme, and for what can't be read */
export function givenCredentials(authorization: string | undefined): GivenCredentials {
  if (authorization === undefined || authorization === '') return { scheme: 'none' }
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +([^ ]+)$/.exec(authorization.slice(0, LONGEST)) ?? []
  if (/^bearer$/i.test(scheme)) return { scheme: 'bearer', token: value }
  if (!/^basic$/i.test(scheme)) throw invalidRequest('the field Authorization must be Basic or Bearer')
  const pair = value.length > LONGEST_BASIC ? undefined : basicPair(value)
  if (pair === undefined) throw invalidRequest('the credentials can not be read')
  return { scheme: 'basic', ...pair }
}

/** RFC 7617 §2 */
function basicPair(value: string): { readonly user: string; readonly password: string } | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined
  try {
    const text = utf8.decode(Buffer.from(value, 'base64'))
    const colon = text.indexOf(':')
    return colon === -1 || hasControls(text)
      ? undefined
      : { user: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch {
    return undefined
  }
}

/** RFC 6749 §2.3.1 encodes id and secret as in a form; many clients do not. */
export function readings(text: string): string[] {
  const decoded = formDecoded(text)
  return decoded === undefined || decoded === text ? [text] : [decoded, text]
}
