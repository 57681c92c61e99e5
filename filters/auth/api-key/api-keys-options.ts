import * as z from 'zod'
import { CONNECTION_FIELDS, isToken } from '../../../core/index.ts'
import type { CredentialSource } from '../credential-sources.ts'
import { headerName } from '../option-parts.ts'
import { keyEntry } from './key-entry.ts'

/** Largest number of keys of one list. */
export const MAX_KEYS = 100_000

/** Fields that mean something else, or that the engine removes: a key in them would meet what reads them, or nobody. */
const TAKEN = new Set([
  ...CONNECTION_FIELDS,
  ...[
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'host',
    'origin',
    'content-length',
    'content-type',
  ],
  ...['via', 'proxy', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'],
])

const ONE_PLACE = 'expected one of { header: … }, { query: … } and { cookie: … }'

const path = z.string({ error: 'expected a path, or a list of paths' }).min(1, 'expected a path')
const token = (what: string) => z.string({ error: what }).refine((text) => isToken(text), what)

const place = z
  .strictObject(
    {
      header: headerName
        .refine(
          (field) => !TAKEN.has(field.toLowerCase()),
          'this field has another use: take one of your own, such as x-api-key',
        )
        .optional()
        .describe('Name of a header field. Default: none.'),
      query: token('expected a name of letters, digits and -_.')
        .optional()
        .describe('Name of a parameter of the query. Default: none.'),
      cookie: token('expected the name of a cookie (RFC 6265 §4.1.1)')
        .optional()
        .describe('Name of a cookie. Default: none.'),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? ONE_PLACE : undefined) },
  )
  .meta({ minProperties: 1, maxProperties: 1 })
  .refine((names) => Object.keys(names).length === 1, ONE_PLACE)

export const apiKeysOptions = z
  .strictObject({
    file: z
      .union([path, z.array(path).min(1)], { error: 'expected a path, or a list of paths' })
      .optional()
      .describe('File with the list of keys in YAML, or several; they are watched. Default: none.'),
    directory: path
      .optional()
      .describe('Folder whose files ending in `.yaml` or `.yml` are lists of keys, too; it is watched. Default: none.'),
    keys: z.array(keyEntry).max(MAX_KEYS).optional().describe('Keys that stand here and not in a file. Default: none.'),
    from: z
      .array(place)
      .min(1)
      .default([{ header: 'x-api-key' }])
      .describe('Where clients send the key: header fields, query parameters, cookies.'),
    secret_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File with the secret of the hashes `hmac-sha256:`, 32 bytes or more. One line break at its end is ignored. Default: none.',
      ),
  })
  .meta({ allOf: [{ anyOf: ['file', 'directory', 'keys'].map((key) => ({ required: [key] })) }] })
  .refine(({ file, directory, keys }) => (file ?? directory ?? keys) !== undefined, {
    error:
      'set "file", the file with the list of keys, "directory", a folder of such files, or "keys", the list itself',
  })

export type ApiKeysOptions = z.output<typeof apiKeysOptions>

/** The places of keys as sources of credentials. */
export const apiKeySources = (from: ApiKeysOptions['from']): CredentialSource[] =>
  from.map(({ header, query, cookie }) => {
    if (header !== undefined) return { kind: 'header', name: header, scheme: undefined }
    return query !== undefined ? { kind: 'query', name: query } : { kind: 'cookie', name: cookie! }
  })
