/** What a stretch of a message is: mutations look for places of their kind. */
export type Role =
  | 'method'
  | 'sp'
  | 'target'
  | 'version'
  | 'status'
  | 'eol'
  | 'name'
  | 'colon'
  | 'value'
  | 'host'
  | 'length'
  | 'coding'
  | 'size'
  | 'extension'
  | 'data'

/** Bytes (latin-1) and what they are. */
export type Piece = readonly [role: Role, text: string]

export const bytesOf = (pieces: readonly Piece[]): string => pieces.map(([, text]) => text).join('')

export const EOL: Piece = ['eol', '\r\n']
export const SP: Piece = ['sp', ' ']

/** A field as somebody wrote it: `before` and `behind` are the white space around its value (RFC 9112 §5). */
export interface FieldLine {
  readonly name: string
  readonly before: string
  readonly value: string
  readonly behind: string
}

const ROLES: Readonly<Record<string, Role>> = {
  host: 'host',
  'content-length': 'length',
  'transfer-encoding': 'coding',
}

export const fieldPieces = ({ name, before, value, behind }: FieldLine): Piece[] => [
  ['name', name],
  ['colon', `:${before}`],
  [ROLES[name.toLowerCase()] ?? 'value', value],
  ...(behind === '' ? [] : ([['value', behind]] as const)),
  EOL,
]

export const plainField = (name: string, value: string): FieldLine => ({ name, before: ' ', value, behind: '' })

export type BodyPlan =
  | { readonly framing: 'none' }
  /** `zeros` stand before the length. */
  | { readonly framing: 'length'; readonly data: string; readonly zeros: string }
  /** Ends with the connection; only answers do. */
  | { readonly framing: 'close'; readonly data: string }
  | {
      readonly framing: 'chunked'
      readonly coding: string
      readonly chunks: readonly Chunk[]
      readonly last: Omit<Chunk, 'data'>
      readonly trailers: readonly FieldLine[]
    }

export interface Chunk {
  readonly data: string
  readonly zeros: string
  readonly upper: boolean
  readonly extension: string
}

/** The field that says how the body is framed. */
export const framingFields = (body: BodyPlan): FieldLine[] =>
  body.framing === 'length'
    ? [plainField('Content-Length', body.zeros + body.data.length)]
    : body.framing === 'chunked'
      ? [plainField('Transfer-Encoding', body.coding)]
      : []

export const dataOf = (body: BodyPlan): string =>
  body.framing === 'none' ? '' : body.framing === 'chunked' ? body.chunks.map(({ data }) => data).join('') : body.data

export function bodyPieces(body: BodyPlan): Piece[] {
  if (body.framing !== 'chunked') return dataOf(body) === '' ? [] : [['data', dataOf(body)]]
  return [
    ...body.chunks.flatMap((chunk): Piece[] => [...sizePieces(chunk, chunk.data.length), ['data', chunk.data], EOL]),
    ...sizePieces(body.last, 0),
    ...body.trailers.flatMap(fieldPieces),
    EOL,
  ]
}

function sizePieces({ zeros, upper, extension }: Omit<Chunk, 'data'>, length: number): Piece[] {
  const hex = length.toString(16)
  return [
    ['size', zeros + (upper ? hex.toUpperCase() : hex)],
    ...(extension === '' ? [] : [['extension', extension] as const]),
    EOL,
  ]
}
