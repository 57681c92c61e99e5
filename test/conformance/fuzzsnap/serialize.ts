import { type AnswerPlan, place, type RequestPlan } from './grammar.ts'
import { bodyPieces, EOL, type FieldLine, fieldPieces, framingFields, type Piece, SP } from './pieces.ts'

/** All fields, with the one for the framing at its place. */
export function allFields({ fields, body, at }: Pick<RequestPlan, 'fields' | 'body' | 'at'>): FieldLine[] {
  const all = [...fields]
  all.splice(place(at, all.length), 0, ...framingFields(body))
  return all
}

export function requestPieces(plan: RequestPlan): Piece[] {
  const { method, target, version, body } = plan
  return [
    ['method', method],
    SP,
    ['target', target],
    SP,
    ['version', `HTTP/${version}`],
    EOL,
    ...allFields(plan).flatMap(fieldPieces),
    EOL,
    ...bodyPieces(body),
  ]
}

/** @param bodiless the answer to HEAD: its head alone */
export function answerPieces(plan: AnswerPlan, bodiless: boolean): Piece[] {
  const { status, reason, version, interim, body } = plan
  return [
    ...interim.flatMap((one) =>
      statusLine('1.1', one, '').concat([['name', 'Link'], ['colon', ': '], ['value', '</a>'], EOL, EOL]),
    ),
    ...statusLine(version, status, reason),
    ...allFields(plan).flatMap(fieldPieces),
    EOL,
    ...(bodiless ? [] : bodyPieces(body)),
  ]
}

const statusLine = (version: string, status: number, reason: string): Piece[] => [
  ['version', `HTTP/${version}`],
  SP,
  ['status', String(status)],
  SP,
  ...(reason === '' ? [] : ([['value', reason]] as const)),
  EOL,
]
