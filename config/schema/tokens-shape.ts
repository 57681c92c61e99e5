import * as z from 'zod'
import { normalPath } from '../../core/base/normal-path.ts'
import { duration } from '../../core/base/units.ts'
import { TOKEN_ALGORITHMS } from '../../core/control/tokens.ts'
import { isLoopback, type Parsed } from './address.ts'
import { off, section, text, written } from './value-kinds.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Durations of whole seconds: times in tokens have no smaller unit (RFC 7519 §2). */
const between = (least: number, most: number, expected: string) =>
  duration().refine((ms) => ms >= least && ms <= most && ms % 1000 === 0, expected)

/**
 * `iss` (RFC 8414 §2): https, or http where no other machine listens to it; without query, fragment and credentials, and in the one
 * form that clients compare byte for byte.
 */
function parseIssuer(value: string): Parsed<string> {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) return { problem: ISSUER }
  if (value.includes('?') || value.includes('#'))
    return { problem: 'an issuer has no query and no fragment: remove them' }
  if (url.username !== '' || url.password !== '' || value.includes('@'))
    return { problem: 'an issuer has no user name and no password: remove them' }
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1')))
    return { problem: 'expected an https:// URL; http:// is for localhost and loopback addresses alone' }
  const path = url.pathname === '/' ? '' : url.pathname
  if (path.endsWith('/') || /[;%]|\/\//.test(path) || (path !== '' && normalPath(path) !== path))
    return { problem: 'expected a path of plain segments, without a slash at its end' }
  const plain = `${url.origin}${path}`
  if (value !== plain && value !== `${plain}/`) return { problem: `expected its usual form, ${plain}` }
  return { value }
}
const ISSUER = 'expected an https:// URL such as https://gateway.example.com'

const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/

const serveShape = {
  prefix: z
    .string()
    .regex(PREFIX, 'expected a path such as /auth, of letters, digits and . _ ~ - without a slash at its end')
    .default('/auth')
    .describe('Path below which tokens are served, at every host: nothing there goes to an endpoint.'),
  on: z
    .literal('proxy', { error: 'expected "proxy": only the proxy listener serves tokens' })
    .default('proxy')
    .describe('The listener that serves them.'),
}

const names = (what: string) => z.array(text()).default([]).describe(`The ${what} that it gets. Default: none.`)

const clientShape = {
  id: text()
    .regex(/^[\x21-\x39\x3b-\x7e]{1,128}$/, 'expected 1 to 128 visible characters other than a colon')
    .describe('Its name: `client_id`, and `sub` of its tokens.'),
  secret_file: text().describe('File with its secret, relative to this one.'),
  scopes: names('scopes'),
  roles: names('roles'),
}

export const tokensShape = {
  issuer: written('URL of the issuer', /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s?#@]+$/, parseIssuer, ISSUER).describe(
    'URL of this gateway for its clients, `iss` of the tokens: https, or http on a loopback address.',
  ),
  serve: section(serveShape).prefault({}).describe('Where clients get tokens.'),
  algorithm: z.enum(TOKEN_ALGORITHMS).default('ES256').describe('Signature algorithm of new keys.'),
  keys_dir: text()
    .default('keys')
    .describe('Folder of the keys, relative to this file. It is made on the first start, for the gateway alone.'),
  rotate_every: between(HOUR_MS, 3650 * DAY_MS, 'expected whole seconds, from 1h to 3650d, such as 30d')
    .optional()
    .describe('How often a new key takes over. No token that is valid is refused for that. Default: never.'),
  access_ttl: between(1000, DAY_MS, 'expected whole seconds, from 1s to 24h, such as 15m')
    .prefault('15m')
    .describe('How long an access token is valid.'),
  refresh_ttl: between(1000, 365 * DAY_MS, 'expected whole seconds, from 1s to 365d, such as 30d')
    .prefault('30d')
    .describe('How long a login can be renewed.'),
  audience: text().optional().describe('`aud` of the tokens. Default: that of `issuer`.'),
  users_file: text()
    .optional()
    .describe(
      'File of users who get tokens by their passwords, relative to this one; `weir token hash-password` hashes a password. Default: none.',
    ),
  clients: z
    .array(section(clientShape))
    .default([])
    .describe('Applications that get tokens for themselves. Default: none.'),
  state_file: text()
    .optional()
    .describe(
      'File of logins and revocations, relative to this one. Default: `tokens.state` beside the folder of the keys.',
    ),
  max_sessions: z
    .int()
    .min(1000)
    .max(1_000_000)
    .default(100_000)
    .describe('Logins that can be renewed at one time, at most; of one user a hundredth of them.'),
}

/** `tokens`: a section, or `off`. */
export const tokens = () => z.union([off(), section(tokensShape)], { error: 'expected a mapping with issuer, or off' })
